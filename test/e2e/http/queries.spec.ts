import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiDocument } from '../../../src/discovery/api-document.js';
import type { Answer } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { TestApp } from '../../support/test-app.js';
import { Operations } from '../sweep/operations.js';
import { RightCalls } from '../sweep/right-calls.js';
import { Stage, UNLIMITED } from '../sweep/stage.js';

interface Parameter {
  readonly name: string;
  readonly in: string;
}

const app = await TestApp.start({ env: UNLIMITED });
const operations = new Operations(app.nest);
const paths = app.nest.get(ApiDocument).get().paths as unknown as Record<
  string,
  Record<string, { parameters?: readonly Parameter[] }>
>;
/** Every parameter of every operation but the headers, and what callers may name a tenant by. */
const parameters = operations.all.flatMap((operation) => {
  const declared = paths[operation.path]?.[operation.method.toLowerCase()]?.parameters ?? [];
  const named = declared.filter((parameter) => parameter.in === 'query' || parameter.in === 'path');
  const tenancy = ['env_id', 'app_id', 'publishable_key'].map((name) => ({ name, in: 'query' }));
  return [...named, ...tenancy.filter(({ name }) => !named.some((parameter) => parameter.name === name))].map(
    (parameter) => [`${operation.name} ${parameter.in} ${parameter.name}`, { operation, parameter }] as const,
  );
});

/** Percent-encoded, as they stand in a URL. */
const PAYLOADS = [
  '',
  '%00',
  'a%00b',
  '%27',
  '%22',
  '%5c',
  '%27%20OR%20%271%27=%271',
  '%27;SELECT%20pg_sleep(10)--',
  '1;DROP%20TABLE%20users',
  '%27%7C%7Cpg_sleep(10)%7C%7C%27',
  '$1',
  '%25',
  '_',
  '%ff%fe',
  '%ed%a0%80',
  '%F0%9F%98%80',
  '%0d%0aSet-Cookie:a=b',
  'null',
  'undefined',
  'NaN',
  '-1',
  '99999999999999999999',
  '[object%20Object]',
  '__proto__',
  'constructor',
  'toString',
  '%7B%7B7*7%7D%7D',
  'javascript:alert(1)',
  'ausr_',
  'ausr_zzzzzzzzzzzzzzzzzzzzzzzzzz',
  'aenv_01jd3v3x6pe0p9m2s5f7q8w9ab',
  'a'.repeat(300),
  'a'.repeat(5_000),
];

const HEADER_VALUES = [
  '',
  ' ',
  "' OR '1'='1",
  "'; SELECT pg_sleep(10) --",
  '$1',
  '%',
  '%00',
  '_',
  '*',
  '"',
  '\\',
  'é',
  '漢😀',
  '\u007f',
  'null',
  '__proto__',
  '-1',
  '99999999999999999999',
  '"999999999"',
  'aenv_01jd3v3x6pe0p9m2s5f7q8w9ab',
  'a'.repeat(4_096),
];

describe('what stands in a URL or a header', () => {
  let calls: RightCalls;
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.set(app);
    calls = new RightCalls(stage, operations);
  });
  afterAll(() => app.close());

  it.each(parameters)(
    '%s: R330, R335, R339: whatever it holds is answered, and nothing fails',
    async (_, { operation, parameter }) => {
      const { path, query, on, ...call } = await calls.make(operation);
      await on?.close();
      const send = (url: string): Promise<Answer> => app.api.request(operation.method, url, call);
      for (const payload of PAYLOADS) {
        const answer = await send(urlWith(operation.path, path, query ?? {}, parameter, payload));
        expect([payload, answer.status < 500]).toEqual([payload, true]);
        if (answer.status >= 400 && answer.headers['x-request-id'] !== undefined) expectProblem(answer, answer.status);
      }
    },
  );

  it.each(parameters.filter(([, { parameter }]) => parameter.in === 'query'))(
    '%s: R335: several at once, or a structure, are answered like nothing or refused',
    async (_, { operation, parameter: { name } }) => {
      const { path, query = {}, on, ...call } = await calls.make(operation);
      await on?.close();
      const rest = new URLSearchParams(Object.entries(query).filter(([other]) => other !== name)).toString();
      for (const twice of [
        `${name}=a&${name}=b`,
        `${name}[]=a`,
        `${name}[$ne]=a`,
        `${name}[a][b]=c`,
        `${name}`,
        `&=&${name}=&`,
      ]) {
        const answer = await app.api.request(operation.method, `${path}?${rest}&${twice}`, call);
        expect([twice, answer.status < 500]).toEqual([twice, true]);
      }
    },
  );

  it.each([
    'x-publishable-key',
    'x-authsome-environment',
    'x-authsome-transport',
    'x-device-token',
    'x-device-fingerprint',
    'x-forwarded-for',
    'x-request-id',
    'idempotency-key',
    'if-match',
    'if-none-match',
    'user-agent',
    'origin',
    'cookie',
    'authorization',
    'accept',
  ])('R330, R339: whatever the header %s holds is answered, and nothing fails', async (name) => {
    const { first } = stage.a;
    const { token, email, password } = await app.api.signUp(first);
    for (const payload of HEADER_VALUES) {
      const headers = { [name]: payload };
      for (const answer of [
        await app.api.post('/v1/signin', { tenant: first, headers, body: { email, password } }),
        await app.api.patch('/v1/me', { token, headers, body: { first_name: 'Ada' } }),
        await app.api.get('/v1/me', { token, headers }),
        await app.api.get('/v1/environments', { token: stage.a.operator, headers, query: { app_id: stage.a.appId } }),
      ]) {
        expect([payload, answer.status < 500]).toEqual([payload, true]);
        if (answer.status >= 400) expectProblem(answer, answer.status);
      }
    }
  });

  describe('a list', () => {
    const lists = operations.where(({ name }) => ['listSessions', 'listDevices', 'adminListApps'].includes(name));

    it.each(lists)('%s: R336: takes a limit of 1 to 100 and nothing else', async (_, operation) => {
      const { path, ...call } = await calls.make(operation);
      for (const limit of ['1', '20', '100', '007']) {
        expect([limit, (await app.api.get(path, { ...call, query: { limit } })).status]).toEqual([limit, 200]);
      }
      for (const limit of [
        '0',
        '-1',
        '101',
        '1000000000',
        'NaN',
        '1e3',
        '1.5',
        '1.0',
        '0x10',
        ' 5',
        '+5',
        'Infinity',
        '٣',
        '1_0',
      ]) {
        const answer = await app.api.get(path, { ...call, query: { limit } });
        expect([limit, answer.status]).toEqual([limit, 400]);
        expectProblem(answer, 400, 'validation_failed');
        expect((answer.body.errors as { path: string }[]).map((error) => error.path)).toEqual(['limit']);
      }
    });

    it.each(lists)('%s: R175, R335: takes no cursor but its own', async (_, operation) => {
      const { path, ...call } = await calls.make(operation);
      for (const cursor of ['a', 'AAAAAAAAAAAAAAAAAAAAAAAA', '0', '%', '"', `${'A'.repeat(1_000)}`]) {
        expectProblem(await app.api.get(path, { ...call, query: { cursor } }), 400, 'malformed_cursor');
      }
      expectProblem(
        await app.api.get(path, { ...call, query: { cursor: 'A'.repeat(1_025) } }),
        400,
        'validation_failed',
      );
    });

    it('R336: shows every item once, page by page, and says when there is no more', async () => {
      const { first } = stage.a;
      const ada = await app.api.signUp(first);
      for (let count = 1; count < 7; count += 1) await app.api.signIn(first, ada);
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const query = { limit: '2', ...(cursor === undefined ? {} : { cursor }) };
        const { body } = await app.api.get('/v1/sessions', { token: ada.token, query });
        seen.push(...(body.sessions as { id: string }[]).map(({ id }) => id));
        cursor = body.next_cursor as string | undefined;
      } while (cursor !== undefined);
      expect(seen).toHaveLength(7);
      expect(seen).toEqual([...new Set(seen)].sort().reverse());
    });
  });

  describe('nothing where something is due', () => {
    it.each([
      ['GET', '/v1/devices/'],
      ['GET', '/v1/sessions/'],
      ['DELETE', '/v1/sessions/undefined'],
      ['DELETE', '/v1/devices/null'],
      ['GET', '/v1/sessions/%20'],
      ['DELETE', '/v1/devices/%00'],
      ['GET', '/v1/client-config'],
      ['GET', '/v1/client-config?key='],
      ['POST', '/v1/refresh'],
      ['POST', '/v1/introspect'],
      ['POST', '/v1/verify-email'],
      ['POST', '/v1/reset-password'],
      ['POST', '/v1/change-email/confirm'],
      ['POST', '/v1/change-email/undo'],
    ])('R340: %s %s never finds the first row', async (method, path) => {
      const { token } = await app.api.signUp(stage.a.first);
      const before = (await app.api.get('/v1/sessions', { token })).body;
      for (const body of [{}, { token: null }, { token: '' }, { refresh_token: null, code: null, email: null }]) {
        const options = method === 'POST' ? { body, tenant: stage.a.first } : { token };
        expectProblem(await app.api.request(method, path, options), [400, 401, 404]);
      }
      expect((await app.api.get('/v1/sessions', { token })).body).toEqual(before);
    });

    it('R340: ending sessions in bulk without a user ends nobody’s', async () => {
      const ada = await app.api.signUp(stage.a.first);
      for (const user of [undefined, '', 'null', '%', 'ausr_']) {
        const query = { app_id: stage.a.appId, ...(user === undefined ? {} : { user_id: user }) };
        const answer = await app.api.delete('/v1/admin/bulk/sessions', { token: stage.a.operator, query });
        expectProblem(answer, 400);
      }
      expect((await app.api.get('/v1/me', { token: ada.token })).status).toBe(200);
    });
  });
});

function urlWith(
  template: string,
  path: string,
  query: Readonly<Record<string, string>>,
  { name, in: where }: Parameter,
  payload: string,
): string {
  if (where === 'path') {
    const at = template.split('/').indexOf(`{${name}}`);
    path = path
      .split('/')
      .map((segment, index) => (index === at ? payload : segment))
      .join('/');
  }
  const others = new URLSearchParams(Object.entries(query).filter(([other]) => where === 'path' || other !== name));
  return `${path}?${others.toString()}${where === 'query' ? `&${name}=${payload}` : ''}`;
}
