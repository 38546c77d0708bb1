import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import { RequireOperator, RequireScopes, RequireSession } from '../../../src/http/access/access.js';
import { RoutePolicies } from '../../../src/http/access/route-policies.js';
import { namedScopes } from '../../../src/http/access/scope-expression.js';
import { expectProblem } from '../../support/expect-problem.js';
import { OwnerView } from '../../support/owner-view.js';
import { TestApp } from '../../support/test-app.js';
import { Machines } from './machines.js';

describe('keys of several tenants', () => {
  let app: TestApp;
  let a: Machines;
  let b: Machines;
  let view: OwnerView;

  beforeAll(async () => {
    app = await TestApp.start();
    [a, b] = [await Machines.open(app), await Machines.open(app)];
    view = await OwnerView.open(app.database);
  });
  afterAll(async () => {
    await view.close();
    await app.close();
  });

  it.each([
    ['GET', '', undefined],
    ['PATCH', '', { name: 'Mine now' }],
    ['PATCH', '', { scopes: ['*'] }],
    ['POST', '/rotate', {}],
    ['POST', '/suspend', undefined],
    ['POST', '/reactivate', undefined],
    ['GET', '/usage', undefined],
    ['DELETE', '', undefined],
  ])('K38: %s /v1/keys/:id%s of another tenant answers 404 and touches nothing', async (method, path, body) => {
    const { id } = await a.key(['read:users']);
    const before = await view.rowsOf(a.tenant.scope.appId);
    expectProblem(await b.asOperator(method, `/v1/keys/${id}${path}`, body), 404, 'key_not_found');
    const { token } = await app.api.signUp(b.tenant);
    expectProblem(
      await app.api.request(method, `/v1/keys/${id}${path}`, { token, ...(body && { body }) }),
      404,
      'key_not_found',
    );
    expect(await view.rowsOf(a.tenant.scope.appId)).toEqual(before);
  });

  it('K38: lists and totals never mix apps or environments', async () => {
    const { id } = await a.key([]);
    await b.key([]);
    const ids = async (of: Machines) => {
      const { keys } = await of.must('GET', '/v1/keys', undefined, { limit: '100' });
      return (keys as { id: string }[]).map((key) => key.id);
    };
    expect(await ids(a)).toContain(id);
    expect(await ids(b)).not.toContain(id);
    const { keys } = await b.must('GET', '/v1/admin/api-keys/usage', undefined, { limit: '100' });
    expect((keys as { key_id: string }[]).map((key) => key.key_id)).not.toContain(id);
  });

  it('R214, R220: every route that names scopes refuses a key without them, and lets none with `*` fail for its scopes', async () => {
    const scoped = app.nest
      .get(RoutePolicies, { strict: false })
      .routes.filter(({ policy: { scopes } }) => scopes !== undefined && namedScopes(scopes).length > 0);
    expect(scoped.length).toBeGreaterThan(60);
    const [none, all] = [await a.key([]), await a.key(['*'])];
    for (const { method, path } of scoped) {
      const url = path.replace(/:(\w+)/g, 'none');
      const refused = await app.api.request(method, url, { token: none.rawKey });
      expect([method, path, refused.status, refused.body.type]).toEqual([method, path, 403, 'insufficient_scope']);
      const admitted = await app.api.request(method, url, { token: all.rawKey });
      expect([method, path, [401, 403].includes(admitted.status), admitted.status < 500]).toEqual([
        method,
        path,
        false,
        true,
      ]);
    }
  });
});

describe('K23: routes that are half open to keys', () => {
  const boot = (...extensions: (new () => object)[]) => TestApp.start({ app: { extensions } });

  it('K23: a route that names scopes where no key may call stops the start with its name', async () => {
    await expect(boot(HalfOpenModule)).rejects.toThrow(
      'these routes name scopes although no API key may call them: HalfOpenController.mine',
    );
  });

  it('K23: a route that names no scope lets no key in', async () => {
    const app = await boot(ClosedModule);
    try {
      const machines = await Machines.open(app);
      const { rawKey } = await machines.key(['*']);
      expectProblem(await app.api.get('/v1/closed', { token: rawKey }), 403, 'key_not_accepted');
    } finally {
      await app.close();
    }
  });
});

@Controller('v1/half-open')
class HalfOpenController {
  @Get()
  @RequireSession()
  @RequireScopes('read:things')
  mine(): string {
    return 'never';
  }
}

@Module({ controllers: [HalfOpenController] })
class HalfOpenModule {}

@Controller('v1/closed')
class ClosedController {
  @Get()
  @RequireOperator('environment')
  closed(): string {
    return 'never';
  }
}

@Module({ controllers: [ClosedController] })
class ClosedModule {}
