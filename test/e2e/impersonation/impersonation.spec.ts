import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { RoutePolicies } from '../../../src/http/access/route-policies.js';
import { SYSTEM_ACTOR } from '../../../src/kernel/audit/audit-trail.js';
import type { Id } from '../../../src/kernel/ids/id.js';
import { OperatorsService } from '../../../src/operators/operators.service.js';
import { PASSWORD, type SignedIn } from '../../support/api-client.js';
import { asOwner } from '../../support/as-owner.js';
import { expectProblem } from '../../support/expect-problem.js';
import { impersonate, impersonation, REASON } from '../../support/impersonate.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { isDead, me, refresh, tokensOf, works } from '../../support/session-checks.js';
import { tenantWith } from '../../support/session-policy.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

const MINUTE_MS = 60_000;

let app: TestApp;
let tenant: TestTenant;
let operator: string;
let operatorId: Id<'user'>;
let person: SignedIn;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  tenant = await app.createTenant();
});
beforeEach(async () => {
  operator = await app.operatorOf(tenant.scope.appId);
  operatorId = (await me(app, operator)).body.id as Id<'user'>;
  person = await app.api.signUp(tenant);
});
afterAll(() => app.close());

const sessionsOf = async (token: string) =>
  (await app.api.get('/v1/sessions', { token })).body.sessions as Record<string, unknown>[];
const entries = (action: string) =>
  asOwner<{ actor_id: string; target_id: string; metadata: Record<string, unknown> }>(
    app,
    `SELECT actor_id, target_id, metadata FROM audit_entries
     WHERE action = $1 AND (target_id = $2 OR actor_id = $2) ORDER BY id`,
    [action, person.userId],
  );
const facts = async (name: string) =>
  (
    await asOwner<{ payload: Record<string, unknown> }>(
      app,
      'SELECT payload FROM outbox WHERE name = $1 AND subject_id = $2',
      [name, person.userId],
    )
  ).map(({ payload }) => payload);

describe('starting', () => {
  it('R288: opens the account, and the person sees who did it among their sessions', async () => {
    const answer = await impersonate(app, operator, tenant, person);
    expect(answer.body).toEqual({
      user: expect.objectContaining({ id: person.userId }),
      session_token: expect.any(String),
      refresh_token: expect.any(String),
      expires_at: expect.any(String),
      refresh_token_expires_at: expect.any(String),
    });
    expect((await me(app, tokensOf(answer).token)).body.id).toBe(person.userId);
    expect(await sessionsOf(person.token)).toContainEqual(expect.objectContaining({ impersonated_by: operatorId }));
  });

  it.each([
    ['no reason', { reason: undefined }],
    ['a reason of four characters', { reason: 'test' }],
    ['a reason of 501 characters', { reason: 'x'.repeat(501) }],
    ['more than half an hour', { duration_seconds: 1_801 }],
    ['no time at all', { duration_seconds: 0 }],
  ])('R288: with %s it is refused', async (_, wish) => {
    expectProblem(await impersonate(app, operator, tenant, person, wish), 400);
  });

  it('R288: an operator who proved who they are too long ago has to do it again', async () => {
    app.clock.advance(16 * MINUTE_MS);
    expectProblem(await impersonate(app, operator, tenant, person), 403, 'reauth_required');
  });

  it('R290: nobody of another app, environment or of none is impersonated', async () => {
    const other = await app.createTenant();
    const stranger = await app.api.signUp(other);
    expectProblem(await impersonate(app, operator, other, stranger), 403);
    expectProblem(await impersonate(app, operator, tenant, stranger), 404, 'user_not_found');
    const staging = await app.environmentOf(tenant.scope.appId, 'staging');
    expectProblem(await impersonate(app, operator, staging, person), 404, 'user_not_found');
    expectProblem(await impersonate(app, person.token, tenant, person), 403);
  });

  it('R290: no operator is impersonated, not even by a platform owner', async () => {
    const owner = await app.platformOwner();
    const { body } = await me(app, operator);
    const platform = { scope: { appId: body.app_id, envId: body.env_id } } as TestTenant;
    expectProblem(await impersonate(app, owner, platform, { userId: operatorId }), 403, 'operator_protected');
  });

  it('a banned or erased person is not impersonated', async () => {
    await app.api.post(`/v1/admin/users/${person.userId}/ban`, {
      token: operator,
      query: { app_id: tenant.scope.appId },
      body: {},
    });
    expectProblem(await impersonate(app, operator, tenant, person), 403, 'user_banned');
    const erased = await app.api.signUp(tenant);
    await app.api.delete('/v1/me', { token: erased.token, body: { password: PASSWORD } });
    expectProblem(await impersonate(app, operator, tenant, erased), 404);
  });

  it('leaves the person’s sessions, cap and devices as they were', async () => {
    const capped = await tenantWith(app, { max_active_sessions: 1 });
    const ada = await app.api.signUp(capped);
    await impersonation(app, await app.operatorOf(capped.scope.appId), capped, ada);
    expect((await me(app, ada.token)).status).toBe(200);
    expect((await app.api.get('/v1/devices', { token: ada.token })).body.devices).toHaveLength(1);
    const again = await app.api.signIn(capped, ada);
    expect(await isDead(app, ada)).toBe(true);
    expect(await sessionsOf(again.token)).toHaveLength(2);
  });

  it('RFC 8693: a JWT and its introspection name the actor', async () => {
    const jwt = await tenantWith(app, { token_format: 'jwt' });
    const ada = await app.api.signUp(jwt);
    const by = await app.operatorOf(jwt.scope.appId);
    const act = { sub: (await me(app, by)).body.id };
    const { token } = await impersonation(app, by, jwt, ada);
    expect(decodeJwt(token)).toMatchObject({ sub: ada.userId, act });
    expect((await app.api.post('/v1/introspect', { body: { token } })).body).toMatchObject({ active: true, act });
    expect(decodeJwt(ada.token)).not.toHaveProperty('act');
  });
});

describe('while it lasts', () => {
  /** A route under the person's name is closed to impersonators until it is listed here. */
  const OPEN = [
    'GET /v1/devices',
    'GET /v1/devices/:deviceId',
    'GET /v1/me',
    'GET /v1/me/auth-methods',
    'GET /v1/sessions',
    'GET /v1/sessions/:sessionId',
    'PATCH /v1/me',
    'POST /v1/admin/impersonate/stop',
    'POST /v1/signout',
  ];

  it('R289: the routes open to impersonators are these, and no sensitive one', () => {
    const open = app
      .get(RoutePolicies)
      .routes.filter(({ policy: { access } }) => access.kind === 'session' && access.impersonators);
    expect(open.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(OPEN);
  });

  it('R289: every other route refuses an impersonator, the administration’s too', async () => {
    const { token } = await impersonation(app, operator, tenant, person);
    const closed = app
      .get(RoutePolicies)
      .routes.filter(
        ({ policy: { access } }) => access.kind !== 'public' && !(access.kind === 'session' && access.impersonators),
      );
    expect(closed.length).toBeGreaterThan(40);
    for (const { method, path, policy } of closed) {
      const answer = await app.api.request(method, path.replace(/:\w+/g, person.userId), {
        token,
        query: { app_id: tenant.scope.appId },
      });
      // Where keys alone may call, no session is anybody.
      const refusal = policy.access.kind === 'key' ? 'authentication_required' : 'impersonation_not_allowed';
      expect([method, path, answer.body.type]).toEqual([method, path, refusal]);
    }
  });

  it('R288: a refresh keeps the end, and after the end nothing opens', async () => {
    const begun = await impersonation(app, operator, tenant, person, { duration_seconds: 600 });
    const endsAt = app.clock.in(600_000).toISOString();
    app.clock.advance(5 * MINUTE_MS);
    const renewed = await refresh(app, begun.refreshToken);
    expect(renewed.body).toMatchObject({ expires_at: endsAt, refresh_token_expires_at: endsAt });
    app.clock.advance(5 * MINUTE_MS);
    expect(await isDead(app, tokensOf(renewed))).toBe(true);
  });

  it('R291: what is done is audited with both people', async () => {
    const { token } = await impersonation(app, operator, tenant, person);
    await app.api.patch('/v1/me', { token, body: { first_name: 'Ada' } });
    await app.api.post('/v1/admin/impersonate/stop', { token });
    const metadata = expect.objectContaining({ impersonated_by: operatorId });
    expect(await entries('impersonation.start')).toEqual([
      { actor_id: operatorId, target_id: person.userId, metadata: expect.objectContaining({ reason: REASON }) },
    ]);
    expect(await entries('user.updated')).toEqual([{ actor_id: person.userId, target_id: person.userId, metadata }]);
    expect(await entries('impersonation.end')).toEqual([
      { actor_id: person.userId, target_id: person.userId, metadata },
    ]);
    expect(await facts('impersonation.started')).toEqual([expect.objectContaining({ operator_id: operatorId })]);
    expect(await facts('impersonation.ended')).toEqual([
      expect.objectContaining({ operator_id: operatorId, reason: 'stopped' }),
    ]);
    expect(await facts('session.created')).toHaveLength(1);
  });
});

describe('ending', () => {
  it('the impersonation stops itself, and nothing else', async () => {
    const begun = await impersonation(app, operator, tenant, person);
    expect((await app.api.post('/v1/admin/impersonate/stop', { token: begun.token })).status).toBe(200);
    expect(await isDead(app, begun)).toBe(true);
    expect(await works(app, person)).toBe(true);
    expect((await me(app, operator)).status).toBe(200);
  });

  it('a session of one’s own is no impersonation to stop', async () => {
    const answer = await app.api.post('/v1/admin/impersonate/stop', { token: person.token });
    expectProblem(answer, 409, 'not_impersonating');
  });

  it('the person ends it', async () => {
    const begun = await impersonation(app, operator, tenant, person);
    const session = (await sessionsOf(person.token)).find(({ impersonated_by }) => impersonated_by !== undefined);
    await app.api.delete(`/v1/sessions/${String(session?.id)}`, { token: person.token });
    expect(await isDead(app, begun)).toBe(true);
    expect(await facts('impersonation.ended')).toEqual([expect.objectContaining({ reason: 'revoked' })]);
  });

  it('R292: the operator signs out', async () => {
    const begun = await impersonation(app, operator, tenant, person);
    await me(app, begun.token);
    await app.api.post('/v1/signout', { token: operator });
    expect(await isDead(app, begun)).toBe(true);
    expect(await facts('impersonation.ended')).toEqual([expect.objectContaining({ reason: 'impersonator' })]);
  });

  it('R292: the operator loses the app, and in the same moment what stood on it', async () => {
    const begun = await impersonation(app, operator, tenant, person);
    await me(app, begun.token);
    await app.get(OperatorsService).revoke({ userId: operatorId }, tenant.scope.appId, SYSTEM_ACTOR);
    expect(await isDead(app, begun)).toBe(true);
    expectProblem(await impersonate(app, operator, tenant, person), 403);
  });

  it('R292: the operator is banned', async () => {
    const begun = await impersonation(app, operator, tenant, person);
    const { body } = await me(app, operator);
    const banned = await app.api.post(`/v1/admin/users/${operatorId}/ban`, {
      token: await app.platformOwner(),
      query: { app_id: String(body.app_id), env_id: String(body.env_id) },
      body: {},
    });
    expect(banned.status).toBe(200);
    expect(await isDead(app, begun)).toBe(true);
  });

  it('R292: a start that races the operator’s sign-out leaves no impersonation behind', async () => {
    for (let trial = 0; trial < 10; trial += 1) {
      const by = await app.operatorOf(tenant.scope.appId);
      const [answer] = await Promise.all([
        impersonate(app, by, tenant, person),
        app.api.post('/v1/signout', { token: by }),
      ]);
      if (answer.status === 200) expect(await isDead(app, tokensOf(answer))).toBe(true);
      else expectProblem(answer, 401);
    }
  });
});
