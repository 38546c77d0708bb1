import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type EnvScope, scopeTo } from '../../src/kernel/context/scope.js';
import { DomainError } from '../../src/kernel/errors/problem.js';
import { AppScopedRepository } from '../../src/kernel/persistence/app-scoped.repository.js';
import { Database } from '../../src/kernel/persistence/database.js';
import { sqlState } from '../../src/kernel/persistence/database-errors.js';
import { EnvScopedRepository } from '../../src/kernel/persistence/env-scoped.repository.js';
import { filesUnder } from '../architecture/source-tree.js';
import { TestApp } from '../support/test-app.js';
import { type Cases, CASES, WITHOUT_TRACE } from './tenant-isolation/cases.js';
import { createVictim, rowsOf, type Victim } from './tenant-isolation/victim.js';

const SOURCE = path.resolve(import.meta.dirname, '../../src');

interface Discovered {
  readonly name: string;
  readonly methods: readonly string[];
}

/** Every repository of a tenant's rows, found among the files, with every method that a caller can reach. */
async function discover(): Promise<Discovered[]> {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.repository.ts'),
  );
  const found: Discovered[] = [];
  for (const file of files) {
    const exported = Object.values((await import(path.join(SOURCE, file))) as Record<string, unknown>);
    for (const candidate of exported) {
      if (typeof candidate !== 'function') continue;
      const { prototype } = candidate as { prototype: unknown };
      if (!(prototype instanceof EnvScopedRepository) && !(prototype instanceof AppScopedRepository)) continue;
      const hidden = privateMethods(`src/${file.split(path.sep).join('/')}`);
      const methods = Object.getOwnPropertyNames(prototype).filter(
        (name) => name !== 'constructor' && !hidden.has(name),
      );
      found.push({ name: candidate.name, methods });
    }
  }
  return found;
}

/** `private` is the compiler's word only: it is read from the source. */
function privateMethods(file: string): Set<string> {
  const [source] = filesUnder(path.posix.dirname(file)).filter((candidate) => candidate.path === file);
  return new Set([...(source?.text ?? '').matchAll(/^\s+private (?:async )?(\w+)\(/gm)].map((match) => match[1] ?? ''));
}

const attempts = (cases: readonly Cases[]) =>
  cases.flatMap(({ repository, scopedTo, attempts: tried }) =>
    Object.entries(tried).map(([method, attempt]) => ({
      name: `${repository.name}.${method}`,
      repository,
      scopedTo,
      attempt,
    })),
  );

describe('R170, R171: tenant isolation', () => {
  it('every public method of every repository is tried', async () => {
    const methods = (await discover()).flatMap(({ name, methods: names }) =>
      names.map((method) => `${name}.${method}`),
    );
    expect(methods.length).toBeGreaterThan(40);
    const tried = attempts(CASES).map(({ name }) => name);
    expect(methods.filter((name) => !tried.includes(name))).toEqual([]);
    expect(tried.filter((name) => !methods.includes(name))).toEqual([]);
  });

  describe.each([
    { policies: 'by the repositories alone', env: { AUTHSOME_ROW_POLICIES: 'false' } },
    { policies: 'with the row policies of PostgreSQL', env: { AUTHSOME_ROW_POLICIES: 'true' } },
  ])('$policies', ({ env }) => {
    let app: TestApp;
    let victim: Victim;
    let otherEnvironment: EnvScope;
    let otherApp: EnvScope;

    beforeAll(async () => {
      app = await TestApp.start({ env });
      victim = await createVictim(app);
      otherEnvironment = (await app.environmentOf(victim.scope.appId, 'staging')).scope;
      otherApp = (await app.createTenant()).scope;
    });
    afterAll(() => app.close());

    const repositoryOf = ({ repository }: Pick<Cases, 'repository'>): object => app.get(repository);

    it.each(attempts(CASES))(
      '$name does nothing for another app, and tells it nothing',
      async ({ attempt, repository, scopedTo }) => {
        const scope = scopedTo === 'app' ? (scopeTo.app(otherApp.appId) as EnvScope) : otherApp;
        const before = await rowsOf(victim, app);
        const outcome = await outcomeOf(() => attempt(repositoryOf({ repository }), scope, victim));
        expect(await rowsOf(victim, app)).toEqual(before);
        expect(outcome).toEqual(harmless(outcome, victim));
      },
    );

    it.each(attempts(CASES).filter(({ scopedTo }) => scopedTo === 'environment'))(
      '$name does nothing for another environment of the app, and tells it nothing',
      async ({ attempt, repository }) => {
        const before = await rowsOf(victim, app);
        const outcome = await outcomeOf(() => attempt(repositoryOf({ repository }), otherEnvironment, victim));
        expect(await rowsOf(victim, app)).toEqual(before);
        expect(outcome).toEqual(harmless(outcome, victim));
      },
    );

    // The same attempt by the tenant itself must come to something, or it proves nothing above.
    it.each(attempts(CASES).filter(({ name }) => !WITHOUT_TRACE.includes(name)))(
      '$name reaches the rows of its own tenant',
      async ({ attempt, repository, scopedTo }) => {
        const scope = scopedTo === 'app' ? (scopeTo.app(victim.scope.appId) as EnvScope) : victim.scope;
        const before = await rowsOf(victim, app);
        const undone = new Error('undone');
        let touched = false;
        const trial = app.get(Database).transaction(async () => {
          const outcome = await outcomeOf(() => attempt(repositoryOf({ repository }), scope, victim));
          const refused = outcome instanceof Error;
          touched = refused
            ? KEY_IS_TAKEN === sqlState(outcome)
            : !isNothing(outcome) || !same(await rowsOf(victim, app), before);
          throw undone;
        });
        await expect(trial).rejects.toBe(undone);
        expect(touched).toBe(true);
        expect(await rowsOf(victim, app)).toEqual(before);
      },
    );
  });
});

const KEY_IS_TAKEN = '23505';
/** A foreign key, a unique key or a row policy stood in the way. */
const REFUSALS = ['23503', KEY_IS_TAKEN, '42501'];

async function outcomeOf(work: () => unknown): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    return error;
  }
}

/** @returns the outcome itself when it is a refusal, nothing, or something without a mark of the victim's; else what is wrong with it. */
function harmless(outcome: unknown, { marks }: Victim): unknown {
  if (outcome instanceof DomainError) return outcome.kind === 'not_found' ? outcome : `the problem ${outcome.code}`;
  if (outcome instanceof Error)
    return REFUSALS.includes(sqlState(outcome) ?? '') ? outcome : `the failure ${outcome.message}`;
  if (isNothing(outcome)) return outcome;
  if (typeof outcome !== 'object') return `the answer ${String(outcome)}`;
  const told = marks.filter((mark) => JSON.stringify(outcome).includes(mark));
  return told.length === 0 ? outcome : `an answer that tells ${told.join(', ')}`;
}

function isNothing(outcome: unknown): boolean {
  return (
    outcome === undefined ||
    outcome === null ||
    outcome === 0 ||
    outcome === false ||
    (Array.isArray(outcome) && outcome.length === 0)
  );
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index]);
}
