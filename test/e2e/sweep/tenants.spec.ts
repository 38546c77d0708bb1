import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectProblem } from '../../support/expect-problem.js';
import { OwnerView } from '../../support/owner-view.js';
import { TestApp } from '../../support/test-app.js';
import { Operations } from './operations.js';
import { Stage, type Target, UNLIMITED } from './stage.js';

const app = await TestApp.start({ env: UNLIMITED });
const operations = new Operations(app.nest);
/** Path parameters that name the app, or something that belongs to nobody. Every other one names an object of somebody's. */
const NO_OBJECT = ['appId', 'key', 'namespace', 'name', 'provider', 'featureKey'];
/** What everybody in an environment may see. */
const OF_AN_ENVIRONMENT = ['getBillingPlan'];
/** A service account belongs to its app, and has keys in each of its environments. */
const OF_THE_APP = ['adminCreateServiceAccountAPIKey', 'adminListServiceAccountAPIKeys'];
const namesAnObject = (path: string): boolean =>
  [...path.matchAll(/\{(\w+)\}/g)].some(([, parameter]) => !NO_OBJECT.includes(parameter ?? ''));

const bySession = operations.where(({ access }) => access.kind === 'session');
const byOperator = operations.where(({ access }) => access.kind === 'operator' && access.target !== 'none');
const recognisingSessions = operations.where(({ access }) => access.kind === 'public' && access.session);

describe('whose data', () => {
  let stage: Stage;
  let view: OwnerView;
  /** In A, and left alone: whatever the others try. */
  let victim: Target;
  let neighbour: Target;
  let otherEnvironment: Target;
  let otherApp: Target;

  beforeAll(async () => {
    stage = await Stage.set(app);
    view = await OwnerView.open(app.database);
    victim = await stage.target(stage.a.first);
    neighbour = await stage.target(stage.a.first);
    otherEnvironment = await stage.target(stage.a.second);
    otherApp = await stage.target(stage.b.first);
  });
  afterAll(async () => {
    await view.close();
    await app.close();
  });

  /** @returns what `work` returns, once it is certain that it changed nothing of the victim's app. */
  async function untouched<T>(work: () => Promise<T>): Promise<T> {
    const before = await view.rowsOf(stage.a.appId);
    const result = await work();
    expect(await view.rowsOf(stage.a.appId)).toEqual(before);
    return result;
  }

  describe.each([...bySession, ...recognisingSessions])('%s', (_name, operation) => {
    it('R034: refuses a session beside the publishable key of another app or environment', async () => {
      const { path, ...call } = stage.call(operation, operations, victim);
      const { token } = victim.person;
      for (const tenant of [stage.b.first, stage.a.second]) {
        const answer = await untouched(() => app.api.request(operation.method, path, { ...call, token, tenant }));
        expectProblem(answer, 401, 'authentication_required');
      }
    });
  });

  describe.each(bySession)('%s', (_name, operation) => {
    it('R173: refuses a caller who names another app or environment than their own', async () => {
      const { path, ...call } = stage.call(operation, operations, victim);
      const foreign: [string, object][] = [
        ['app_id in the query', { query: { ...call.query, app_id: stage.b.appId } }],
        ['env_id in the query', { query: { ...call.query, env_id: stage.a.second.scope.envId } }],
        ['an environment by id', { headers: { 'x-authsome-environment': stage.a.second.scope.envId } }],
        ['an environment by slug', { headers: { 'x-authsome-environment': 'second' } }],
        ['an unknown environment', { headers: { 'x-authsome-environment': 'nowhere' } }],
        ['app_id in the body', { body: { ...Object(call.body), app_id: stage.b.appId } }],
        ['env_id in the body', { body: { ...Object(call.body), env_id: stage.a.second.scope.envId } }],
      ];
      for (const [what, named] of foreign) {
        if (operation.method === 'GET' && 'body' in named) continue;
        const options = { ...call, ...named, token: victim.person.token };
        const answer = await untouched(() => app.api.request(operation.method, path, options));
        expect([what, answer.status]).toEqual([what, 403]);
        expectProblem(answer, 403, 'foreign_tenant');
      }
    });
  });

  describe.each(bySession.filter(([, { path }]) => namesAnObject(path)))('%s', (_name, operation) => {
    it('R031, R170, R171: answers 404 to the ids of another person, whatever their tenant, and changes nothing', async () => {
      const { path, ...call } = stage.call(operation, operations, victim);
      const near = OF_AN_ENVIRONMENT.includes(operation.name) ? [] : [neighbour];
      for (const { person } of [...near, otherEnvironment, otherApp]) {
        const options = { ...call, token: person.token };
        const answer = await untouched(() => app.api.request(operation.method, path, options));
        expectProblem(answer, 404);
      }
    });
  });

  describe.each(byOperator)('%s', (_name, operation) => {
    it('R170: answers 403 to the operator of another app, and changes nothing', async () => {
      const { path, ...call } = stage.call(operation, operations, victim);
      const options = { ...call, token: stage.b.operator };
      const answer = await untouched(() => app.api.request(operation.method, path, options));
      const ownersOnly = operation.access.kind === 'operator' && operation.access.reach === 'every_app';
      expectProblem(answer, 403, ownersOnly ? 'insufficient_permissions' : 'foreign_tenant');
    });

    it('R181: answers 400 or 403 to an app that is malformed or unknown, never another one’s data', async () => {
      const { path, ...call } = stage.call(operation, operations, victim);
      const unknown = 'aapp_01jd3v3x6pe0p9m2s5f7q8w9ab';
      for (const appId of [unknown, 'nonsense', `${stage.a.appId}x`, stage.a.first.scope.envId]) {
        const named = { path: path.replace(stage.a.appId, appId), query: { ...call.query, app_id: appId } };
        const options = { ...call, query: named.query, token: stage.a.operator };
        const answer = await untouched(() => app.api.request(operation.method, named.path, options));
        expectProblem(answer, [400, 403]);
      }
    });
  });

  describe.each(byOperator.filter(([, { path }]) => path.includes('{appId}')))('%s', (_name, operation) => {
    it('R174: refuses a query or body that names another app than the path', async () => {
      const { path, ...call } = stage.call(operation, operations, victim);
      const owner = { ...call, token: stage.owner };
      for (const named of [
        { query: { app_id: stage.b.appId } },
        ...(operation.method === 'GET' ? [] : [{ body: { ...Object(call.body), app_id: stage.b.appId } }]),
      ]) {
        const answer = await untouched(() => app.api.request(operation.method, path, { ...owner, ...named }));
        expectProblem(answer, 403, 'foreign_tenant');
      }
    });
  });

  const naming = byOperator.filter(([name, { path }]) => namesAnObject(path) || name === 'adminBulkRevokeSessions');
  describe.each(naming)('%s', (_name, operation) => {
    it('R170: answers 404 to an operator who uses the ids of an app they do not reach within one they do', async () => {
      const { path, ...call } = stage.call(operation, operations, victim);
      const query = { ...call.query, app_id: stage.b.appId };
      const answer = await untouched(() =>
        app.api.request(operation.method, path, { ...call, query, token: stage.b.operator }),
      );
      expectProblem(answer, 404);
    });
  });

  const inEnvironment = naming.filter(
    ([name, { access }]) => access.kind === 'operator' && access.target === 'environment' && !OF_THE_APP.includes(name),
  );
  describe.each(inEnvironment)('%s', (_name, operation) => {
    it('R171: answers 404 to the ids of another environment of the same app', async () => {
      const { path, ...call } = stage.call(operation, operations, victim);
      const headers = { 'x-authsome-environment': stage.a.second.scope.envId };
      const options = { ...call, headers, token: stage.a.operator };
      const answer = await untouched(() => app.api.request(operation.method, path, options));
      expectProblem(answer, 404);
    });

    it('R173: answers 403 to an environment of another app', async () => {
      const { path, ...call } = stage.call(operation, operations, victim);
      for (const named of [
        { headers: { 'x-authsome-environment': stage.b.first.scope.envId } },
        { query: { ...call.query, env_id: stage.b.first.scope.envId } },
      ]) {
        const options = { ...call, ...named, token: stage.a.operator };
        const answer = await untouched(() => app.api.request(operation.method, path, options));
        expectProblem(answer, 403, 'foreign_tenant');
      }
    });
  });
});
