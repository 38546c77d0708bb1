import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EnvironmentsService } from '../../../src/environments/environments.service.js';
import { PublishableKeysService } from '../../../src/environments/publishable-keys.service.js';
import { scopeTo } from '../../../src/kernel/context/scope.js';
import { type Answer, uniqueEmail } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { SYSTEM_AUTHOR, TestApp, type TestTenant } from '../../support/test-app.js';

const OURS = 'https://app.example.com';
const THEIRS = 'https://other.example.net';
const PASSWORD = 'correct horse battery staple';

const LOOK_ALIKES = [
  'null',
  'https://app.example.com.evil.test',
  'https://evil-app.example.com',
  'https://app.example.com:8443',
  'http://app.example.com',
  'https://deep.sub.wild.example.org',
  'https://wild.example.org',
  'https://xwild.example.org',
  'https://evil.test/https://app.example.com',
  'https://app.example.com@evil.test',
  'file://',
  'https://APP.example.com',
];

let app: TestApp;
/** Allows its own page, and whatever has one label before wild.example.org. */
let ours: TestTenant;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  ours = await tenantFor([OURS, 'https://*.wild.example.org']);
  // Another app of the same service, with another page.
  await tenantFor([THEIRS]);
});
afterAll(() => app.close());

async function tenantFor(origins: string[]): Promise<TestTenant> {
  const { scope } = await app.createTenant();
  const environments = app.get(EnvironmentsService);
  const within = scopeTo.app(scope.appId);
  const { id } = await environments.create(
    within,
    {
      name: 'Web',
      slug: 'web',
      type: 'production',
      settings: { allowed_origins: origins, skip_email_verification: true },
    },
    SYSTEM_AUTHOR(within),
  );
  const key = (await app.get(PublishableKeysService).list(within)).find(({ envId }) => envId === id)?.key ?? '';
  return { scope: scopeTo.env(scope.appId, id), publishableKey: key };
}

const corsOf = ({ headers }: Answer): unknown => headers['access-control-allow-origin'];

function preflight(origin: string, method = 'POST'): Promise<Answer> {
  return app.api.request('OPTIONS', '/v1/signin', { headers: { origin, 'access-control-request-method': method } });
}

/** A visitor's browser that holds our session cookies. */
async function visitor(): Promise<string> {
  const answer = await app.api.post('/v1/signup', {
    tenant: ours,
    headers: { origin: OURS, 'x-authsome-transport': 'cookie' },
    body: { email: uniqueEmail(), password: PASSWORD },
  });
  return [answer.headers['set-cookie']]
    .flat()
    .map((line) => String(line).split(';')[0])
    .join('; ');
}

describe('CORS', () => {
  it('R317: a preflight from an allowed page is answered for that page, with credentials, never with *', async () => {
    for (const origin of [OURS, THEIRS, 'https://a.wild.example.org']) {
      const answer = await preflight(origin);
      expect(answer.status).toBe(204);
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
        vary: 'Origin',
      });
    }
  });

  it.each(LOOK_ALIKES)('R317: %s gets no allow-origin, neither at the preflight nor with an answer', async (origin) => {
    for (const answer of [
      await preflight(origin),
      await app.api.get('/v1/client-config', { query: { key: ours.publishableKey }, headers: { origin } }),
      await app.api.get('/nowhere', { headers: { origin } }),
      await app.api.get('/v1/me', { headers: { origin } }),
    ]) {
      expect(corsOf(answer)).toBeUndefined();
      expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
    }
  });

  it('R317: a page that only another app allows does not see this app’s answers', async () => {
    const { token } = await app.api.signUp(ours);
    const seen = await app.api.get('/v1/me', { token, headers: { origin: OURS } });
    expect(corsOf(seen)).toBe(OURS);
    const hidden = await app.api.get('/v1/me', { token, headers: { origin: THEIRS } });
    expect([corsOf(hidden), hidden.headers['access-control-allow-credentials']]).toEqual([undefined, undefined]);
  });

  it('R317: names the headers and answers that clients need, and no more', async () => {
    const { headers } = await preflight(OURS);
    const allowed = String(headers['access-control-allow-headers']).split(', ');
    expect(allowed).toEqual(expect.arrayContaining(['authorization', 'content-type', 'x-publishable-key']));
    expect(allowed).not.toContain('*');
    expect(allowed).not.toContain('cookie');
    const answer = await app.api.get('/health/live', { headers: { origin: OURS } });
    expect(String(answer.headers['access-control-expose-headers'])).not.toMatch(/\*|set-cookie/i);
  });

  it('an answer to nobody’s page says that it depends on the page', async () => {
    expect((await app.api.get('/health/live', { headers: { origin: 'https://evil.test' } })).headers.vary).toBe(
      'Origin',
    );
  });
});

describe('a state change with the visitor’s cookies', () => {
  const body = { email: 'new@example.com' };
  const change = (cookie: string, headers: Record<string, string>, options: object = { body }): Promise<Answer> =>
    app.api.post('/v1/me/change-email', { ...options, headers: { cookie, ...headers } });

  it.each([THEIRS, 'https://evil.test', ...LOOK_ALIKES])('R318: is refused to the page %s', async (origin) => {
    const cookie = await visitor();
    expectProblem(await change(cookie, { origin }), 403, 'origin_not_allowed');
  });

  it.each(['cross-site', 'same-site', 'whatever'])(
    'R318: is refused when the browser says %s and no page',
    async (site) => {
      expectProblem(await change(await visitor(), { 'sec-fetch-site': site }), 403, 'origin_not_allowed');
    },
  );

  it('R318: is refused in a form, which needs no permission to be sent', async () => {
    const cookie = await visitor();
    for (const type of ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=a', 'text/plain']) {
      const options = { payload: JSON.stringify(body) };
      expectProblem(await change(cookie, { 'content-type': type }, options), 415, 'unsupported_media_type');
    }
  });

  it('R318: is refused without a body that only a script can send, when the browser says nothing', async () => {
    const cookie = await visitor();
    const answer = await app.api.post('/v1/signout', { headers: { cookie } });
    expectProblem(answer, 403, 'origin_not_allowed');
    expect((await app.api.get('/v1/me', { headers: { cookie } })).status).toBe(200);
  });

  it('R318: is refused for every method that changes something', async () => {
    const cookie = await visitor();
    const headers = { cookie, origin: 'https://evil.test' };
    for (const [method, path] of [
      ['PATCH', '/v1/me'],
      ['DELETE', '/v1/me'],
      ['DELETE', '/v1/sessions'],
      ['POST', '/v1/signout'],
    ] as const) {
      expectProblem(await app.api.request(method, path, { headers }), 403, 'origin_not_allowed');
    }
  });

  it('is done for an allowed page, for the service’s own and for a browser that vouches for one', async () => {
    const cookie = await visitor();
    const friendly: Record<string, string>[] = [
      { origin: OURS },
      { origin: 'https://a.wild.example.org' },
      { origin: 'https://auth.test' },
      { 'sec-fetch-site': 'same-origin' },
    ];
    for (const headers of friendly) {
      expect((await change(cookie, headers)).status).toBe(200);
    }
  });

  it('needs no page when the credential is a header, which no browser adds by itself', async () => {
    const { token } = await app.api.signUp(ours);
    expect((await app.api.post('/v1/me/change-email', { token, body })).status).toBe(200);
  });
});

describe('signing somebody in from another site', () => {
  it.each([
    ['/v1/signin', 'https://evil.test'],
    ['/v1/signin', THEIRS],
    ['/v1/signin', 'null'],
    ['/v1/signup', 'https://evil.test'],
    ['/v1/forgot-password', 'https://evil.test'],
    ['/v1/verify-email/resend', 'null'],
  ])('R319: %s is refused to the page %s, cookies or not', async (path, origin) => {
    const { email, password } = await app.api.signUp(ours);
    const answer = await app.api.post(path, { tenant: ours, headers: { origin }, body: { email, password } });
    expectProblem(answer, 403, 'origin_not_allowed');
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('R319: a form cannot do it, and a client that asks for cookies must say where it is', async () => {
    const { email, password } = await app.api.signUp(ours);
    const form = await app.api.post('/v1/signin', {
      headers: { 'content-type': 'text/plain', 'sec-fetch-site': 'cross-site' },
      query: { publishable_key: ours.publishableKey },
      payload: JSON.stringify({ email, password }),
    });
    expectProblem(form, 415, 'unsupported_media_type');
    const script = await app.api.post('/v1/signin', {
      tenant: ours,
      headers: { 'x-authsome-transport': 'cookie', 'sec-fetch-site': 'cross-site' },
      body: { email, password },
    });
    expectProblem(script, 403, 'origin_not_allowed');
  });

  it('works from a page of the app', async () => {
    const { email, password } = await app.api.signUp(ours);
    const answer = await app.api.post('/v1/signin', {
      tenant: ours,
      headers: { origin: OURS },
      body: { email, password },
    });
    expect([answer.status, corsOf(answer)]).toEqual([200, OURS]);
  });
});
