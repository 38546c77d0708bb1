import { deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, type SignedIn, uniqueEmail } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

const PASSWORD = 'correct horse battery staple';

describe('bodies', () => {
  let app: TestApp;
  let tenant: TestTenant;
  let ada: SignedIn;

  beforeAll(async () => {
    app = await TestApp.start({ env: RAISED_LIMITS });
    tenant = await app.createTenant();
    ada = await app.api.signUp(tenant);
  });
  afterAll(() => app.close());

  const signUp = (payload: string | Buffer, headers: Record<string, string> = {}): Promise<Answer> =>
    app.api.post('/v1/signup', { tenant, payload, headers: { 'content-type': 'application/json', ...headers } });
  const account = (): string => JSON.stringify({ email: uniqueEmail(), password: PASSWORD });

  it('R325: up to the limit are read, over it are answered 413', async () => {
    const padded = (bytes: number): string => account().padEnd(bytes, ' ');
    expect((await signUp(padded(262_144))).status).toBe(201);
    expectProblem(await signUp(padded(262_145)), 413, 'body_too_large');
    expectProblem(await signUp(padded(10_000_000)), 413, 'body_too_large');
  });

  it.each([
    ['10,000 levels', `{"email":${'['.repeat(10_000)}${']'.repeat(10_000)}}`],
    ['10,000 levels that never end', '{"a":'.repeat(10_000)],
    ['15,000 names', `{${Array.from({ length: 15_000 }, (_, index) => `"k${index}":1`).join()}}`],
    ['a number of 401 digits', `{"email":1${'0'.repeat(400)}}`],
    ['a number beyond every double', '{"email":1e400}'],
    ['a name twice', `{"email":"a@example.com","email":"b@example.com","password":"${PASSWORD}"}`],
    [
      'a name twice in two spellings',
      `{"email":"a@example.com","\\u0065mail":"b@example.com","password":"${PASSWORD}"}`,
    ],
    ['two documents', `${'{}'}${'{}'}`],
    ['a comment', '{"email":1/*x*/}'],
  ])('R326: of %s are answered 400, and the service goes on', async (_what, payload) => {
    expectProblem(await signUp(payload), 400, 'malformed_body');
    expect((await app.api.get('/health/live')).status).toBe(200);
  });

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'APPLICATION/JSON',
    'application/json ; x=y',
  ])('R327: of type %j are validated like any other', async (type) => {
    expect((await signUp(account(), { 'content-type': type })).status).toBe(201);
    expectProblem(await signUp('{"email":7}', { 'content-type': type }), 400, 'validation_failed');
    expectProblem(await signUp('{"a":1,"a":2}', { 'content-type': type }), 400, 'malformed_body');
  });

  it.each([
    'text/plain',
    'text/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/scim+json',
    'application/json-patch+json',
    'application/jsonp',
    'application/json\ttext/plain',
    'xapplication/json',
    'application/ json',
    'application/json/x',
    'application',
    '*/*',
    'text/plain; application/json',
    '',
  ])('R327: of type %j are answered 415 unread', async (type) => {
    expectProblem(await signUp(account(), { 'content-type': type }), 415, 'unsupported_media_type');
  });

  it('R327: a type with something around it is validated or refused, never let through unread', async () => {
    for (const type of [
      ' application/json',
      '\tapplication/json',
      'application/json\t',
      'application/json;',
      'application/json, text/plain',
    ]) {
      const answer = await signUp('{"email":7}', { 'content-type': type });
      expectProblem(answer, [400, 415]);
    }
  });

  it('R327: without a type are answered 415', async () => {
    expectProblem(await app.api.post('/v1/signup', { tenant, payload: account() }), 415, 'unsupported_media_type');
  });

  it('R328: that are compressed are answered 415 unread, however they are named', async () => {
    const bomb = Buffer.alloc(50_000_000, ' ');
    for (const [encoding, payload] of [
      ['gzip', gzipSync(bomb)],
      ['deflate', deflateSync(bomb)],
      ['br', Buffer.from('x')],
      ['GZIP', gzipSync(account())],
      ['identity, gzip', gzipSync(account())],
      ['x-gzip', gzipSync(account())],
    ] as const) {
      const answer = await signUp(payload, { 'content-encoding': encoding });
      expectProblem(answer, 415, 'unsupported_media_type');
    }
    expect((await signUp(account(), { 'content-encoding': 'identity' })).status).toBe(201);
  });

  it('R329: with names of prototypes are refused, and later requests behave as before', async () => {
    for (const payload of [
      '{"__proto__":{"email":"a@example.com","password":"correct horse battery staple"}}',
      '{"constructor":{"prototype":{"email_verified":true}}}',
      `{"email":"${uniqueEmail()}","password":"${PASSWORD}","metadata":{"__proto__":"x"}}`,
      `{"email":"${uniqueEmail()}","password":"${PASSWORD}","metadata":{"constructor":"x"}}`,
      `{"email":"${uniqueEmail()}","password":"${PASSWORD}","metadata":{"prototype":"x"}}`,
    ]) {
      expectProblem(await signUp(payload), 400, 'malformed_body');
    }
    expectProblem(await signUp('{}'), 400, 'validation_failed');
    expect(({} as Record<string, unknown>).email).toBeUndefined();
  });

  it('R329: with names that every object has are inert', async () => {
    const metadata = { toString: 'a', valueOf: 'b', hasOwnProperty: 'c', then: 'd', toJSON: 'e' };
    const answer = await signUp(
      JSON.stringify({ ...JSON.parse(account()), metadata, toString: 'x', hasOwnProperty: 'y' }),
    );
    expect(answer.status).toBe(201);
    expect(metadata).toMatchObject((answer.body.user as { metadata: object }).metadata);
    const query = { __proto__: 'x', 'constructor[prototype][a]': 'y', toString: 'z', hasOwnProperty: 'w' };
    expect((await app.api.get('/v1/sessions', { token: ada.token, query })).status).toBe(200);
  });

  it('R330: letters of four bytes, combining marks and other scripts are stored as they came', async () => {
    const name = '𝕬𝖉𝖆 𐐷 e\u0301 العربية 漢字 👩🏽‍💻';
    const { token } = await app.api.signUp(tenant, { first_name: name });
    expect((await app.api.get('/v1/me', { token })).body.first_name).toBe(name);
  });

  it('R330: bytes that are no UTF-8 are refused in every text', async () => {
    for (const bytes of [[0x80], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xff, 0xfe]]) {
      const payload = Buffer.concat([Buffer.from('{"email":"a'), Buffer.from(bytes), Buffer.from('@example.com"}')]);
      expectProblem(await signUp(payload), 400, 'malformed_body');
    }
  });

  it('R306: a thousand malformed requests leave the process as it was', async () => {
    const before = await app.api.get('/health/live');
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const attacks: (() => Promise<Answer>)[] = [
      () => signUp('{'),
      () => signUp(Buffer.from([0xff, 0x00])),
      () => signUp(`{"email":1e${'9'.repeat(300)}}`),
      () => app.api.get('/v1/me', { token: `${part({ alg: 'ES256', kid: {} })}.${part(null)}.AAAA` }),
      () => app.api.get('/v1/me', { token: 'a.b.c.d' }),
      () => app.api.post('/v1/refresh', { body: { refresh_token: 'ff'.repeat(52) } }),
      () => app.api.post('/v1/introspect', { body: { token: `${'.'.repeat(500)}` } }),
      () => app.api.get('/v1/sessions', { token: ada.token, query: { cursor: 'AAAA'.repeat(100) } }),
      () => app.api.get('/v1/sessions/ases_\ud800', { token: ada.token }),
      () => app.api.post('/v1/reset-password', { body: { token: '\\', new_password: PASSWORD } }),
    ];
    for (let round = 0; round < 100; round += 1) {
      for (const answer of await Promise.all(attacks.map((attack) => attack()))) {
        expect(answer.status).toBeLessThan(500);
      }
    }
    expect((await app.api.get('/health/live')).body).toEqual(before.body);
    expect((await app.api.get('/v1/me', { token: ada.token })).status).toBe(200);
  });
});
