import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiKeysService } from '../../../src/api-keys/api-keys.service.js';
import { namedScopes } from '../../../src/http/access/scope-expression.js';
import { SYSTEM_ACTOR } from '../../../src/kernel/audit/audit-trail.js';
import { expectProblem } from '../../support/expect-problem.js';
import { TestApp } from '../../support/test-app.js';
import { Operations, type SweptOperation } from './operations.js';
import { RightCalls } from './right-calls.js';
import { Stage, UNLIMITED } from './stage.js';

const app = await TestApp.start({ env: UNLIMITED });
const operations = new Operations(app.nest);
const scopesOf = ({ scopes }: SweptOperation): string[] => (scopes === undefined ? [] : namedScopes(scopes));
const scoped = operations.where((operation) => scopesOf(operation).length > 0);

describe('what keys of a service account may call', () => {
  const keys = new Map<string, string>();
  let stage: Stage;
  let calls: RightCalls;

  beforeAll(async () => {
    stage = await Stage.set(app);
    calls = new RightCalls(stage, operations);
  });
  afterAll(() => app.close());

  /** One for each list of scopes. */
  async function keyWith(scopes: readonly string[]): Promise<string> {
    const slot = scopes.join(' ');
    const known = keys.get(slot);
    if (known !== undefined) return known;
    const { scope, serviceAccountId: id } = stage.a.first;
    const input = { name: 'Sweep', owner: { kind: 'service_account', id } as const, scopes };
    const { rawKey } = await app.get(ApiKeysService).create(scope, input, SYSTEM_ACTOR);
    keys.set(slot, rawKey);
    return rawKey;
  }

  it.each(scoped)('R214: %s succeeds with the scopes that it names, and with no others', async (_, operation) => {
    const { path, on, refusal, ...call } = await calls.make(operation);
    // What needs a service that is set up otherwise is called by people alone here.
    if (on !== undefined) return on.close();
    const scopes = scopesOf(operation);
    const lacking = await app.api.request(operation.method, path, { ...call, token: await keyWith(['read:nothing']) });
    expectProblem(lacking, 403, 'insufficient_scope');
    expect(lacking.body.required).toEqual(scopes);
    const answer = await app.api.request(operation.method, path, { ...call, token: await keyWith(scopes) });
    if (answer.status >= 400) expectProblem(answer, refusal ?? 0);
    expect(answer.status).toBe(refusal ?? operation.success ?? 200);
  });
});
