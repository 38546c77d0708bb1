import type { EntityTarget, FindOptionsWhere, Repository } from 'typeorm';
import type { EnvScope } from '../context/scope.js';
import type { Id } from '../ids/id.js';
import { type ConstraintProblems, mappingConstraints } from './constraint-problems.js';
import type { Database, Rows } from './database.js';
import type { DeferredTable } from './deferred-writes.js';
import type { EnvStatement } from './statement.js';

export interface EnvScopedRow {
  readonly appId: Id<'app'>;
  readonly envId: Id<'environment'>;
}

/** A row without its tenant: what callers hand over; the scope fills the rest. */
export type Unscoped<Row extends EnvScopedRow> = Omit<Row, 'appId' | 'envId'>;
/** Conditions that cannot name the tenant. */
export type WhereIn<Row extends EnvScopedRow> = Omit<FindOptionsWhere<Row>, 'appId' | 'envId'>;

/**
 * Base of every repository whose rows belong to one environment. The table is reachable only together with a scope, and the
 * scope is applied last, so that no caller can widen or replace it (R170, R171).
 */
export abstract class EnvScopedRepository<Row extends EnvScopedRow> {
  readonly #database: Database;
  readonly #entity: EntityTarget<Row>;
  readonly #problems: ConstraintProblems;

  constructor(database: Database, entity: EntityTarget<Row>, problems: ConstraintProblems = {}) {
    this.#database = database;
    this.#entity = entity;
    this.#problems = problems;
  }

  protected findOneIn(scope: EnvScope, where: WhereIn<Row>): Promise<Row | null> {
    return this.#with(scope, (rows) => rows.findOne({ where: scoped(scope, where) }));
  }

  protected async insertIn(scope: EnvScope, row: Unscoped<Row>): Promise<Row> {
    const complete = { ...row, ...tenantOf(scope) } as Row;
    await this.#with(scope, (rows) => rows.insert(complete as Parameters<typeof rows.insert>[0]));
    return complete;
  }

  /** @returns how many rows changed: zero means that none matched. */
  protected async updateIn(scope: EnvScope, where: WhereIn<Row>, changes: Partial<Unscoped<Row>>): Promise<number> {
    const result = await this.#with(scope, (rows) =>
      rows.update(scoped(scope, where), changes as Parameters<typeof rows.update>[1]),
    );
    return result.affected ?? 0;
  }

  protected async deleteIn(scope: EnvScope, where: WhereIn<Row>): Promise<number> {
    const result = await this.#with(scope, (rows) => rows.delete(scoped(scope, where)));
    return result.affected ?? 0;
  }

  /** Runs a hand-written statement; its first two parameters are the scope's, `values` follow from `$3` on. */
  protected queryIn<Result>(scope: EnvScope, statement: EnvStatement, values: unknown[] = []): Promise<Rows<Result>> {
    return mappingConstraints(this.#problems, () =>
      this.#database.query<Result>(scope, statement, [scope.appId, scope.envId, ...values]),
    );
  }

  /** Deletes with the change at hand, just before it commits: no round trip of its own. @throws Error outside a transaction. */
  protected deleteWithChangeIn(scope: EnvScope, from: DeferredTable, key: Record<string, unknown>): void {
    this.#database.deferDelete(scope, from, key);
  }

  #with<T>(scope: EnvScope, work: (rows: Repository<Row>) => Promise<T>): Promise<T> {
    return mappingConstraints(this.#problems, () =>
      this.#database.withManager(scope, (manager) => work(manager.getRepository(this.#entity))),
    );
  }
}

function tenantOf(scope: EnvScope): EnvScopedRow {
  return { appId: scope.appId, envId: scope.envId };
}

function scoped<Row extends EnvScopedRow>(scope: EnvScope, where: WhereIn<Row>): FindOptionsWhere<Row> {
  return { ...where, ...tenantOf(scope) } as FindOptionsWhere<Row>;
}
