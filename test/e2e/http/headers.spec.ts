import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Answer, RequestOptions, SignedIn } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

const PRODUCTION = {
  AUTHSOME_MODE: 'production',
  AUTHSOME_SECRETS: `k1:${randomBytes(32).toString('base64')}`,
  AUTHSOME_BILLING: 'noop',
  AUTHSOME_HASH_MEMORY_KIB: '19456',
  AUTHSOME_HASH_PASSES: '2',
  AUTHSOME_SHUTDOWN_DELAY: '0s',
};

/** On everything, whatever the answer. */
const ALWAYS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'cross-origin-resource-policy': 'same-origin',
};
const CLOSED_POLICY = "default-src 'none'; frame-ancestors 'none'";

describe.each(['development', 'production'] as const)('answers in %s', (mode) => {
  let app: TestApp;
  let tenant: TestTenant;
  let ada: SignedIn;

  beforeAll(async () => {
    app = await TestApp.start({ env: { ...RAISED_LIMITS, ...(mode === 'production' ? PRODUCTION : {}) } });
    tenant = await app.createTenant();
    ada = await app.api.signUp(tenant);
  });
  afterAll(() => app.close());

  const call = (method: string, path: string, options: RequestOptions = {}): [string, () => Promise<Answer>] => [
    `${method} ${path}`,
    () => app.api.request(method, path, options),
  ];
  const preflight = { origin: 'http://localhost:3000', 'access-control-request-method': 'POST' };
  const answers = (): [string, () => Promise<Answer>][] => [
    call('GET', '/health/live'),
    call('GET', '/v1/health'),
    call('HEAD', '/health/live'),
    call('GET', '/v1/me', { token: ada.token }),
    call('GET', '/v1/me', { token: ada.token, headers: { 'if-none-match': '"1"' } }),
    call('GET', '/v1/me'),
    call('GET', '/v1/me', { headers: { 'content-encoding': 'gzip' } }),
    call('GET', '/nowhere'),
    call('GET', '/v1/%zz'),
    call('DELETE', '/v1/signin'),
    call('POST', '/v1/signin', { tenant, body: { email: ada.email, password: ada.password } }),
    call('POST', '/v1/signin', { tenant, payload: '{', headers: { 'content-type': 'application/json' } }),
    call('POST', '/v1/signin', { tenant, payload: 'a=b', headers: { 'content-type': 'text/plain' } }),
    call('POST', '/v1/signin', { tenant, body: { email: 'x'.repeat(300_000) } }),
    call('OPTIONS', '/v1/signin', { headers: preflight }),
    call('OPTIONS', '/v1/signin', { headers: { ...preflight, origin: 'https://evil.test' } }),
    call('GET', '/.well-known/jwks.json'),
    call('GET', '/.well-known/authsome/openapi'),
    call('GET', '/pages/verify-email'),
    call('GET', '/pages/pages.js'),
    call('GET', '/docs/'),
    call('GET', '/metrics'),
    call('GET', '/v1/sessions', { token: ada.token, query: { limit: '0' } }),
  ];

  it('R314: carry the headers that browsers protect their users by, and no banner', async () => {
    for (const [name, send] of answers()) {
      const { headers, status } = await send();
      const told = `${name} ${status}`;
      expect([told, headers]).toEqual([told, expect.objectContaining(ALWAYS)]);
      expect([told, String(headers['content-security-policy'])]).toEqual([
        told,
        expect.stringMatching(/default-src '(none|self)'.*frame-ancestors 'none'/),
      ]);
      expect([told, headers['referrer-policy']]).toEqual([told, 'no-referrer']);
      expect([told, headers.server, headers['x-powered-by'], headers.via]).toEqual([
        told,
        undefined,
        undefined,
        undefined,
      ]);
    }
  });

  it('R314: only pages may load anything, and only from here; no script is written into a page', async () => {
    for (const [name, send] of answers()) {
      const policy = String((await send()).headers['content-security-policy']);
      if (/\/(pages|docs)\//.test(name)) {
        expect([name, policy]).toEqual([name, expect.not.stringMatching(/script-src[^;]*('unsafe|\*|https?:)/)]);
      } else {
        expect([name, policy]).toEqual([name, CLOSED_POLICY]);
      }
    }
  });

  it('R315: are not stored by anybody, but for what is public for all', async () => {
    for (const [name, send] of answers()) {
      const { headers, status } = await send();
      if (name.includes('/docs/')) continue;
      const expected = name.includes('jwks') ? 'public, max-age=300' : 'no-store';
      expect([`${name} ${status}`, headers['cache-control']]).toEqual([`${name} ${status}`, expected]);
    }
  });

  it('carry a request id: the client’s, if it is one, otherwise a new one', async () => {
    const given = await app.api.get('/health/live', { headers: { 'x-request-id': 'trace-0123456789' } });
    expect(given.headers['x-request-id']).toBe('trace-0123456789');
    for (const id of [
      'short',
      'a b c d e f g',
      'x'.repeat(129),
      'a\tb-0123456789',
      '<script>alert(1)</script>',
      'äöü-0123456',
    ]) {
      const answer = await app.api.get('/nowhere', { headers: { 'x-request-id': id } });
      expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
      expectProblem(answer, 404, 'not_found');
    }
  });

  it('R305: to what cannot be understood are problem documents without internals', async () => {
    for (const [, send] of answers()) {
      const answer = await send();
      if (answer.status < 400 || answer.headers['x-request-id'] === undefined) continue;
      expectProblem(answer, answer.status);
      expect(answer.text).not.toMatch(/fastify|nest|FST_ERR|typeorm|postgres/i);
    }
  });
});

describe('the public listener in production', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({ env: PRODUCTION });
  });
  afterAll(() => app.close());

  it.each([
    '/metrics',
    '/docs',
    '/docs/',
    '/docs/openapi.json',
    '/docs-json',
    '/docs-yaml',
    '/docs/swagger-ui-init.js',
    '/dev/mailbox',
    '/dev',
    '/debug',
    '/queues',
    '/admin',
    '/.env',
    '/.git/config',
    '/package.json',
    '/src/main.ts',
    '/pages/',
    '/pages/..%2fpackage.json',
    '/pages/../../package.json',
    '/pages/page-files.js',
  ])('R293: knows no %s', async (path) => {
    expectProblem(await app.api.get(path), 404, 'not_found');
  });

  it('R293: shows metrics to the holder of the configured token alone', async () => {
    const closed = await TestApp.start({ env: { ...PRODUCTION, AUTHSOME_METRICS_TOKEN: 'scraper-secret' } });
    try {
      expect((await closed.api.get('/metrics', { token: 'scraper-secret' })).status).toBe(200);
      expectProblem(await closed.api.get('/metrics'), 404, 'not_found');
      for (const authorization of ['', 'Bearer scraper-secreT', 'scraper-secret', 'Bearer scraper-secret ']) {
        expectProblem(await closed.api.get('/metrics', { headers: { authorization } }), 404, 'not_found');
      }
    } finally {
      await closed.close();
    }
  });
});
