import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectProblem } from '../../support/expect-problem.js';
import { TestApp } from '../../support/test-app.js';
import { MALFORMED_CREDENTIALS } from './malformed-credentials.js';
import { Operations } from './operations.js';
import { Stage, type Target, UNLIMITED } from './stage.js';

// Tests are named after the operations, which only the running service knows.
const app = await TestApp.start({ env: UNLIMITED });
const operations = new Operations(app.nest);
const closed = operations.where(({ access }) => access.kind !== 'public');
const open = operations.where(({ access }) => access.kind === 'public');

describe('who may call', () => {
  let stage: Stage;
  let target: Target;

  beforeAll(async () => {
    stage = await Stage.set(app);
    target = await stage.target(stage.a.first);
  });
  afterAll(() => app.close());

  describe.each(closed)('%s', (_name, operation) => {
    it('R284: answers 401 to a caller without a credential', async () => {
      const { path, ...call } = stage.call(operation, operations, target);
      expectProblem(await app.api.request(operation.method, path, call), 401);
    });

    it('R285: answers 401 to a publishable key alone, which is not a credential', async () => {
      const { path, ...call } = stage.call(operation, operations, target);
      const answer = await app.api.request(operation.method, path, { ...call, tenant: target.tenant });
      expectProblem(answer, 401, 'authentication_required');
    });

    it('R053, R054, R321: answers 401 to every malformed credential', async () => {
      const { path, ...call } = stage.call(operation, operations, target);
      for (const [what, headers] of MALFORMED_CREDENTIALS) {
        const answer = await app.api.request(operation.method, path, { ...call, headers });
        expect([what, answer.status]).toEqual([what, 401]);
        expectProblem(answer, 401, 'authentication_required');
      }
    });
  });

  describe.each(open)('%s', (_name, operation) => {
    it('R053, R054: is not brought down by a malformed credential', async () => {
      const { path, ...call } = stage.call(operation, operations, target);
      for (const [what, headers] of MALFORMED_CREDENTIALS) {
        const answer = await app.api.request(operation.method, path, { ...call, tenant: target.tenant, headers });
        expect([what, answer.status < 500]).toEqual([what, true]);
        if (answer.status >= 400) expectProblem(answer, answer.status);
      }
    });
  });

  describe.each(operations.where(({ access }) => access.kind === 'operator'))('%s', (_name, operation) => {
    it('R284: answers 403 to a signed-in person who is no operator', async () => {
      const { path, ...call } = stage.call(operation, operations, target);
      const answer = await app.api.request(operation.method, path, { ...call, token: target.person.token });
      expectProblem(answer, 403, 'insufficient_permissions');
    });
  });

  describe.each(operations.where(({ access }) => access.kind === 'operator' && access.reach === 'every_app'))(
    '%s',
    (_name, operation) => {
      it('R284: answers 403 to an operator who is no platform owner', async () => {
        const { path, ...call } = stage.call(operation, operations, target);
        const answer = await app.api.request(operation.method, path, { ...call, token: stage.a.operator });
        expectProblem(answer, 403, 'insufficient_permissions');
      });
    },
  );

  describe.each(operations.where(({ access }) => access.kind === 'session' && access.fresh))(
    '%s',
    (_name, operation) => {
      it('asks for a new proof of identity when the last one is older than the window (ASVS 7.5.1)', async () => {
        const stale = await stage.target(stage.a.first);
        app.clock.advance(11 * 60_000);
        const { path, ...call } = stage.call(operation, operations, stale);
        const answer = await app.api.request(operation.method, path, { ...call, token: stale.person.token });
        expectProblem(answer, 403, 'reauth_required');
      });
    },
  );
});
