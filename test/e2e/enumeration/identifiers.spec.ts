import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, PASSWORD, uniqueEmail } from '../../support/api-client.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { comparable } from './comparable.js';

let app: TestApp;
let tenant: TestTenant;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  tenant = await app.createTenant();
});
afterAll(() => app.close());

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

describe('routes that take an address, a code or a token', () => {
  it('R153: answer known and unknown subjects alike', async () => {
    const known = (await app.api.signUp(tenant)).email;
    const asked: readonly (readonly [string, (email: string) => object])[] = [
      ['/v1/forgot-password', (email) => ({ email })],
      ['/v1/verify-email/resend', (email) => ({ email })],
      ['/v1/verify-email', (email) => ({ email, code: '000000' })],
      ['/v1/verify-email', (email) => ({ email, token: 'f'.repeat(64) })],
    ];
    for (const [path, bodyOf] of asked) {
      const answers: Answer[] = [];
      for (const email of [known, uniqueEmail()])
        answers.push(await app.api.post(path, { tenant, body: bodyOf(email) }));
      expect(new Set(answers.map(comparable)).size).toBe(1);
    }
  });

  it('R153: sessions and devices of others are answered like ones that do not exist', async () => {
    const mine = await app.api.signUp(tenant);
    const other = await app.api.signUp(tenant);
    for (const kind of ['sessions', 'devices'] as const) {
      const listed = await app.api.get(`/v1/${kind}`, { token: other.token });
      const [{ id } = { id: '' }] = listed.body[kind] as { id: string }[];
      const unknown = `${id.slice(0, -4)}${id.endsWith('0000') ? '1111' : '0000'}`;
      const calls: ((path: string) => Promise<Answer>)[] = [
        (path) => app.api.get(path, { token: mine.token }),
        (path) => app.api.delete(path, { token: mine.token }),
      ];
      for (const call of calls) {
        const [foreign, missing] = [await call(`/v1/${kind}/${id}`), await call(`/v1/${kind}/${unknown}`)];
        expect(foreign.status).toBe(404);
        expect(comparable(foreign)).toBe(comparable(missing));
      }
      const after = await app.api.get(`/v1/${kind}/${id}`, { token: other.token });
      expect(after.status).toBe(200);
    }
  });
});

describe('identifiers', () => {
  it('R154: of 100 objects carry their type and random bits, and none tells another', async () => {
    const ids: string[] = [];
    for (let made = 0; made < 34; made += 1) {
      const { body } = await app.api.post('/v1/signup', { tenant, body: { email: uniqueEmail(), password: PASSWORD } });
      const { id } = body.user as { id: string };
      const sessions = await app.api.get('/v1/sessions', { token: body.session_token as string });
      const [session] = sessions.body.sessions as { id: string; device_id: string }[];
      ids.push(id, session?.id ?? '', session?.device_id ?? '');
    }
    expect(ids.length).toBeGreaterThanOrEqual(100);
    for (const [index, prefix] of ['ausr', 'ases', 'adev'].entries()) {
      const ofKind = ids.filter((_, at) => at % 3 === index);
      for (const id of ofKind) expect(id).toMatch(new RegExp(`^${prefix}_[0-7][0-9a-hjkmnp-tv-z]{25}$`));
    }
    // The last 62 bits of a UUIDv7 are random; of twelve base-32 characters 60 bits are seen here.
    const tails = ids.map((id) => [...id.slice(-12)].map((char) => ALPHABET.indexOf(char)));
    expect(new Set(tails.map(String)).size).toBe(ids.length);
    const steps = tails.slice(1).map((tail, at) => tail.filter((digit, place) => digit !== tails[at]?.[place]).length);
    // Of twelve random digits 0.4 agree on average; a counter would leave nearly all of them alike.
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(6);
  });
});
