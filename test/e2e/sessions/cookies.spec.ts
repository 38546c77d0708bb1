import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, PASSWORD, uniqueEmail } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

const OWN_ORIGIN = 'https://auth.test';
const FOREIGN_ORIGIN = 'https://evil.example';
const COOKIE_MODE = { 'x-authsome-transport': 'cookie', origin: OWN_ORIGIN };
const SECRET = /[0-9a-f]{64}/;

type Jar = Readonly<Record<string, string>>;

let app: TestApp;
let tenant: TestTenant;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  tenant = await app.createTenant();
});
afterAll(() => app.close());

function setCookies({ headers }: Answer): string[] {
  return [headers['set-cookie'] ?? []].flat().map(String);
}

/** What a browser would keep of an answer. */
function jarOf(answer: Answer): Jar {
  const pairs = setCookies(answer).map((line) => (line.split(';')[0] ?? '').split('='));
  return Object.fromEntries(pairs.map(([name, value]) => [name, value]));
}

const session = (jar: Jar) => `__Host-authsome_session=${jar['__Host-authsome_session']}`;
const refreshing = (jar: Jar) => `__Host-authsome_refresh=${jar['__Host-authsome_refresh']}`;

async function signUp(): Promise<{ answer: Answer; jar: Jar; email: string }> {
  const email = uniqueEmail();
  const answer = await app.api.post('/v1/signup', {
    tenant,
    headers: COOKIE_MODE,
    body: { email, password: PASSWORD },
  });
  return { answer, jar: jarOf(answer), email };
}

const me = (cookie: string) => app.api.get('/v1/me', { headers: { cookie } });

function expectNoSecret(answer: Answer): void {
  expect(answer.text).not.toMatch(SECRET);
  expect(answer.body).not.toHaveProperty('session_token');
  expect(answer.body).not.toHaveProperty('refresh_token');
  expect(answer.body).not.toHaveProperty('device_token');
}

describe('cookie mode', () => {
  it('R316: sign-up and sign-in hand the tokens over in cookies that no script, plain connection or sibling host reads', async () => {
    const { answer, jar, email } = await signUp();
    expect(answer.status).toBe(201);
    const signedIn = await app.api.post('/v1/signin', {
      tenant,
      headers: COOKIE_MODE,
      body: { email, password: PASSWORD },
    });
    for (const each of [answer, signedIn]) {
      expectNoSecret(each);
      expect(setCookies(each)).toHaveLength(3);
      for (const cookie of setCookies(each)) {
        expect(cookie).toMatch(
          /^__Host-authsome_(session|refresh|device)=[0-9a-f]+; Path=\/; Expires=[^;]+; Secure; HttpOnly; SameSite=Lax$/,
        );
      }
    }
    expect((await me(session(jar))).body.email).toBe(email);
  });

  it('R061, R316: a refresh by cookie replaces both cookies and ends the old ones', async () => {
    const { jar } = await signUp();
    const answer = await app.api.post('/v1/refresh', {
      headers: { ...COOKIE_MODE, cookie: refreshing(jar) },
      body: {},
    });
    expect(answer.status).toBe(200);
    expectNoSecret(answer);
    const next = jarOf(answer);
    expect(next['__Host-authsome_session']).not.toBe(jar['__Host-authsome_session']);
    expect(next['__Host-authsome_refresh']).not.toBe(jar['__Host-authsome_refresh']);
    expect((await me(session(next))).status).toBe(200);
    expectProblem(await me(session(jar)), 401);
  });

  it('R316: a script that leaves the transport header out does not get the tokens of its cookies into its hands', async () => {
    const { jar } = await signUp();
    const both = `${session(jar)}; ${refreshing(jar)}`;
    const refreshed = await app.api.post('/v1/refresh', { headers: { cookie: both, origin: OWN_ORIGIN }, body: {} });
    expect(refreshed.status).toBe(200);
    expectNoSecret(refreshed);
    const next = jarOf(refreshed);
    const changed = await app.api.post('/v1/change-password', {
      headers: { cookie: session(next), origin: OWN_ORIGIN },
      body: { current_password: PASSWORD, new_password: 'another long passphrase' },
    });
    expect(changed.status).toBe(200);
    expectNoSecret(changed);
    const renewed = jarOf(changed);
    const { body } = await app.api.get('/v1/devices', { headers: { cookie: session(renewed) } });
    const { id } = (body.devices as [{ id: string }])[0];
    const trusted = await app.api.patch(`/v1/devices/${id}/trust`, {
      headers: { cookie: session(renewed), origin: OWN_ORIGIN },
    });
    expect(trusted.status).toBe(200);
    expectNoSecret(trusted);
  });

  it('R323: sign-out takes the cookies away and ends what they opened', async () => {
    const { jar } = await signUp();
    const both = `${session(jar)}; ${refreshing(jar)}`;
    const answer = await app.api.post('/v1/signout', { headers: { cookie: both, origin: OWN_ORIGIN } });
    expect(answer.status).toBe(200);
    expect(setCookies(answer)).toEqual([
      '__Host-authsome_session=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax',
      '__Host-authsome_refresh=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax',
    ]);
    expect(answer.headers['clear-site-data']).toBe('"cache", "storage"');
    expectProblem(await me(session(jar)), 401);
    expectProblem(await app.api.post('/v1/refresh', { headers: { cookie: both, origin: OWN_ORIGIN }, body: {} }), 401);
  });

  it('R074, R318: another site neither refreshes nor signs out with the visitor’s cookies', async () => {
    const { jar } = await signUp();
    const cookie = `${session(jar)}; ${refreshing(jar)}`;
    const foreign: Record<string, string>[] = [
      { cookie, origin: FOREIGN_ORIGIN },
      { cookie, origin: 'null' },
      { cookie, 'sec-fetch-site': 'cross-site' },
      { cookie, 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of foreign) {
      expectProblem(await app.api.post('/v1/refresh', { headers, body: {} }), 403, 'origin_not_allowed');
      expectProblem(await app.api.post('/v1/signout', { headers, body: {} }), 403, 'origin_not_allowed');
    }
    const form = await app.api.post('/v1/refresh', {
      headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
      payload: 'refresh_token=',
    });
    expectProblem(form, [403, 415]);
    expect((await me(session(jar))).status).toBe(200);
    const own = await app.api.post('/v1/refresh', { headers: { cookie, origin: OWN_ORIGIN }, body: {} });
    expect(own.status).toBe(200);
  });

  it('R321: a cookie that is there twice is refused, whichever of the two would open', async () => {
    const mine = await signUp();
    const tossed = await signUp();
    for (const [first, second] of [
      [mine.jar, tossed.jar],
      [tossed.jar, mine.jar],
    ] as const) {
      expectProblem(await me(`${session(first)}; ${session(second)}`), 401);
      const headers = { cookie: `${refreshing(first)}; ${refreshing(second)}`, origin: OWN_ORIGIN };
      expectProblem(await app.api.post('/v1/refresh', { headers, body: {} }), 401);
    }
    const device = `__Host-authsome_device=${'0'.repeat(64)}`;
    const signIn = { headers: { ...COOKIE_MODE, cookie: `${device}; ${device}` }, tenant };
    const body = { email: mine.email, password: PASSWORD };
    expectProblem(await app.api.post('/v1/signin', { ...signIn, body }), 401, 'authentication_required');
    expect((await me(session(mine.jar))).status).toBe(200);
  });

  it('a refresh with no token anywhere says what is missing', async () => {
    expectProblem(await app.api.post('/v1/refresh', { body: {} }), 400, 'refresh_token_required');
  });
});
