import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectProblem } from '../../support/expect-problem.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

const PASSWORD = 'correct horse battery staple';

describe('a service below a prefix', () => {
  let app: TestApp;
  let tenant: TestTenant;

  beforeAll(async () => {
    app = await TestApp.start({ env: { AUTHSOME_PATH_PREFIX: '/auth' } });
    tenant = await app.createTenant();
  });
  afterAll(() => app.close());

  it('has its API and its pages there, and only there', async () => {
    const body = { email: 'ada@example.com', password: PASSWORD };
    const answer = await app.api.post('/auth/v1/signup', { tenant, body });
    expect(answer.status).toBe(201);
    const token = String(answer.body.session_token);
    expect((await app.api.get('/auth/v1/me', { token })).body.email).toBe('ada@example.com');
    expect((await app.api.get('/auth/pages/verify-email')).status).toBe(200);
    expect((await app.nest.inject({ url: '/v1/me', headers: { authorization: `Bearer ${token}` } })).statusCode).toBe(
      404,
    );
    for (const path of ['/auth/auth/v1/me', '/authv1/me', '/AUTH/v1/me', '/pages/verify-email']) {
      expectProblem(await app.api.get(path, { token }), 404, 'not_found');
    }
  });

  it('R331: guards what is there', async () => {
    expectProblem(await app.api.get('/auth/v1/me'), 401, 'authentication_required');
    expectProblem(await app.api.get('/auth/v1/admin/apps'), 401, 'authentication_required');
  });

  it('mails links that lead there', async () => {
    await app.drain();
    const { link } = app.mailer.last('ada@example.com', 'verify_email');
    const { origin, pathname } = new URL(link ?? '');
    expect(origin + pathname).toBe('https://auth.test/auth/pages/verify-email');
    expect((await app.api.get(pathname)).status).toBe(200);
  });

  it('keeps health, metrics and discovery at their fixed addresses', async () => {
    for (const path of [
      '/health/live',
      '/health/ready',
      '/metrics',
      '/.well-known/jwks.json',
      '/.well-known/authsome/openapi',
      '/.well-known/authsome/manifest',
      '/docs/',
    ]) {
      expect([path, (await app.api.get(path)).status]).toEqual([path, 200]);
    }
  });

  it('is described as clients find it: paths as ever, below the server’s address', async () => {
    const { body } = await app.api.get('/.well-known/authsome/openapi');
    expect(body.servers).toEqual([{ url: 'https://auth.test/auth' }]);
    expect(Object.keys(body.paths as object)).toContain('/v1/me');
    expect((await app.api.get('/.well-known/authsome/manifest')).body.base_path).toBe('/auth');
  });
});
