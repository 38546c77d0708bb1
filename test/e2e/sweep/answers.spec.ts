import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectProblem } from '../../support/expect-problem.js';
import { OwnerView } from '../../support/owner-view.js';
import { TestApp } from '../../support/test-app.js';
import { Operations } from './operations.js';
import { RightCalls } from './right-calls.js';
import { Stage, type Target, UNLIMITED } from './stage.js';

const app = await TestApp.start({ env: UNLIMITED });
const operations = new Operations(app.nest);
const everything = operations.where(() => true);
const readable = operations.where(({ method }) => method === 'GET');
const paths = [...new Set(operations.all.map(({ path }) => path))];

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH'];
/** Differ between any two answers. */
const PASSING_HEADERS = ['x-request-id', 'date', 'ratelimit', 'content-length', 'transfer-encoding'];

describe('what is answered', () => {
  let stage: Stage;
  let calls: RightCalls;
  let target: Target;
  let view: OwnerView;

  beforeAll(async () => {
    stage = await Stage.set(app);
    calls = new RightCalls(stage, operations);
    target = await stage.target(stage.a.first);
    view = await OwnerView.open(app.database);
  });
  afterAll(async () => {
    await view.close();
    await app.close();
  });

  it.each(everything)(
    '%s: the right caller with the smallest body gets the documented success',
    async (_, operation) => {
      const { path, on = app, refusal, ...call } = await calls.make(operation);
      try {
        const answer = await on.api.request(operation.method, path, call);
        if (answer.status >= 400) expectProblem(answer, refusal ?? 0);
        expect(answer.status).toBe(refusal ?? operation.success ?? 200);
      } finally {
        if (on !== app) await on.close();
      }
    },
  );

  describe.each(readable)('HEAD %s', (_name, operation) => {
    it('R332: is answered as GET is, without the body', async () => {
      const { path, ...call } = await calls.make(operation);
      const get = await app.api.get(path, call);
      const head = await app.api.request('HEAD', path, call);
      expect(head.status).toBe(get.status);
      expect(head.text).toBe('');
      for (const name of PASSING_HEADERS) {
        delete (get.headers as Record<string, unknown>)[name];
        delete (head.headers as Record<string, unknown>)[name];
      }
      expect(head.headers).toEqual(get.headers);
    });

    it('R332: takes the same credential as GET', async () => {
      if (operation.access.kind === 'public') return;
      const { path, ...call } = stage.call(operation, operations, target);
      expect((await app.api.request('HEAD', path, call)).status).toBe(401);
    });
  });

  describe.each(paths)('%s', (path) => {
    it('R324: knows no other method than its own', async () => {
      const own = operations.all.filter((operation) => operation.path === path);
      // What has a word where another path has a parameter is reached by the other one's methods too.
      const matching = operations.all.filter((operation) => isMatchedBy(operation.path, path));
      const known = new Set(matching.map(({ method }) => method));
      const url = stage.pathOf({ ...own[0], path } as (typeof own)[0], target);
      for (const method of METHODS.filter((candidate) => !known.has(candidate))) {
        const answer = await app.api.request(method, url, { token: stage.owner });
        expectProblem(answer, [404, 405]);
      }
    });
  });

  describe.each(readable)('%s', (name, operation) => {
    it('R320: reading changes nothing', async () => {
      const { path, ...call } = await calls.make(operation);
      const before = await stored(name);
      await app.api.get(path, call);
      await app.api.request('HEAD', path, call);
      expect(await stored(name)).toEqual(before);
    });
  });

  /** Everything that is stored, but for what every read may leave: a count, and the record that personal data were handed out. */
  async function stored(operation: string): Promise<Map<string, string[]>> {
    const dump = await view.dump();
    dump.delete('rate_limits');
    if (/^exportUser/.test(operation)) for (const table of dump.keys()) if (/^audit/.test(table)) dump.delete(table);
    return dump;
  }
});

function isMatchedBy(template: string, path: string): boolean {
  const [parts, given] = [template.split('/'), path.split('/')];
  return parts.length === given.length && parts.every((part, index) => part === given[index] || part.startsWith('{'));
}
