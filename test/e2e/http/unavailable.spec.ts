import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { DatabaseHealth } from '../../../src/health/database-health.js';
import { Readiness } from '../../../src/http/readiness.js';
import { expectProblem } from '../../support/expect-problem.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

describe('a service that cannot do its work', () => {
  let app: TestApp;
  let tenant: TestTenant;

  beforeAll(async () => {
    app = await TestApp.start();
    tenant = await app.createTenant();
  });
  afterAll(() => app.close());

  it('says so where balancers and clients look, and nothing about its insides', async () => {
    const away = jest.spyOn(app.get(DatabaseHealth), 'answers').mockResolvedValue(false);
    try {
      expectProblem(await app.api.get('/health/ready'), 503, 'service_unavailable');
      const health = await app.api.get('/v1/health');
      expect([health.status, health.body]).toEqual([
        503,
        {
          status: 'unhealthy',
          bridges: { billing: 'embedded', keys: 'embedded' },
          error: 'the database does not answer',
        },
      ]);
      expect((await app.api.get('/health/live')).status).toBe(200);
    } finally {
      away.mockRestore();
    }
    expect((await app.api.get('/v1/health')).status).toBe(200);
  });

  it('takes no request before it is ready, and names a time to come back', async () => {
    const state = jest.spyOn(app.get(Readiness), 'isServing', 'get').mockReturnValue(false);
    try {
      for (const [method, path] of [
        ['GET', '/v1/me'],
        ['POST', '/v1/signin'],
        ['GET', '/v1/admin/apps'],
        ['GET', '/.well-known/jwks.json'],
      ] as const) {
        const answer = await app.api.request(method, path, { tenant });
        expectProblem(answer, 503, 'service_unavailable');
        expect(answer.headers['retry-after']).toBe('1');
      }
      expect((await app.api.get('/health/live')).status).toBe(200);
      expect((await app.api.get('/.well-known/authsome/openapi')).status).toBe(200);
    } finally {
      state.mockRestore();
    }
  });

  it('finishes what still comes while it stops, and asks for the connection to be closed', async () => {
    const readiness = app.get(Readiness);
    readiness.stopping();
    try {
      expectProblem(await app.api.get('/health/ready'), 503, 'service_unavailable');
      const answer = await app.api.get('/v1/client-config', { query: { key: tenant.publishableKey } });
      expect([answer.status, answer.headers.connection]).toEqual([200, 'close']);
    } finally {
      readiness.ready();
    }
  });
});
