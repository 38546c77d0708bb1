import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RequestOptions } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { TestApp } from '../../support/test-app.js';
import { Operations } from '../sweep/operations.js';
import { Stage, UNLIMITED } from '../sweep/stage.js';

// Tests are named after the operations, which only the running service knows.
const app = await TestApp.start({ env: UNLIMITED });
const operations = new Operations(app.nest);
const naming = operations.where(({ access }) => access.kind === 'public' && access.tenant !== 'none');
const UNKNOWN_APP = 'aapp_01jd3v3x6pe0p9m2s5f7q8w9ab';
const UNKNOWN_ENVIRONMENT = 'aenv_01jd3v3x6pe0p9m2s5f7q8w9ab';

describe('who a public call is for', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.set(app);
  });
  afterAll(() => app.close());

  it.each(naming)('R181: %s is for nobody when it names nobody that exists', async (_, operation) => {
    const target = await stage.target(stage.a.first);
    const { path, ...call } = stage.call(operation, operations, target);
    const { publishableKey: key, scope } = stage.a.first;
    const { appId } = scope;
    const unknown: [string, object, string?][] = [
      ['an unknown key', { headers: { 'x-publishable-key': `pk_test_${'0'.repeat(32)}` } }, 'unknown_tenant'],
      ['a key with another ending', { headers: { 'x-publishable-key': `${key.slice(0, -1)}!` } }, 'unknown_tenant'],
      ['a key in upper case', { headers: { 'x-publishable-key': key.toUpperCase() } }, 'unknown_tenant'],
      ['half a key', { headers: { 'x-publishable-key': key.slice(0, 20) } }, 'unknown_tenant'],
      ['two keys', { headers: { 'x-publishable-key': `${key}, ${key}` } }, 'unknown_tenant'],
      ['a wildcard', { headers: { 'x-publishable-key': 'pk_test_%' } }, 'unknown_tenant'],
      ['an unknown app', { query: { app_id: UNKNOWN_APP } }, 'unknown_tenant'],
      ['no app id', { query: { app_id: 'default' } }, 'malformed_id'],
      ['an id of another kind', { query: { app_id: scope.envId } }, 'malformed_id'],
      ['an unknown environment', { query: { app_id: appId, env_id: UNKNOWN_ENVIRONMENT } }, 'unknown_tenant'],
      ['an environment by an unknown slug', { query: { app_id: appId, env_id: 'nowhere' } }, 'unknown_tenant'],
      [
        'an environment of another app',
        { query: { app_id: appId, env_id: stage.b.first.scope.envId } },
        'unknown_tenant',
      ],
      [
        'a key and another app',
        { headers: { 'x-publishable-key': key }, query: { app_id: stage.b.appId } },
        'tenant_disagreement',
      ],
      [
        'a key and another environment',
        { headers: { 'x-publishable-key': key, 'x-authsome-environment': 'second' } },
        'tenant_disagreement',
      ],
      [
        'a key and an environment of another app',
        { headers: { 'x-publishable-key': key, 'x-authsome-environment': stage.b.first.scope.envId } },
        'tenant_disagreement',
      ],
      [
        'a key and an app in the body that differ',
        { tenant: stage.a.first, body: { ...Object(call.body), app_id: stage.b.appId } },
        'tenant_disagreement',
      ],
    ];
    for (const [what, named, type] of unknown) {
      const answer = await app.api.request(operation.method, path, { ...call, ...named });
      expect([what, answer.status, answer.body.type]).toEqual([what, 400, type]);
      expectProblem(answer, 400);
    }
  });

  const required = naming.filter(([, { access }]) => access.kind === 'public' && access.tenant === 'required');
  it.each(required)('R181: %s asks for the app when none is named, and takes no default', async (_, operation) => {
    const { path, ...call } = stage.call(operation, operations, await stage.target(stage.a.first));
    const nobody: RequestOptions[] = [
      {},
      { headers: { 'x-publishable-key': '' } },
      { headers: { 'x-publishable-key': '   ' } },
      { query: { publishable_key: '' } },
      { query: { app_id: '' } },
      { headers: { 'x-authsome-environment': stage.a.first.scope.envId } },
      { query: { env_id: 'development' } },
    ];
    for (const named of nobody) {
      expectProblem(await app.api.request(operation.method, path, { ...call, ...named }), 400, 'app_context_required');
    }
  });
});
