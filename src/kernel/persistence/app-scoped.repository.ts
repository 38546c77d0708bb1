import type { EntityTarget, FindOptionsOrder, FindOptionsWhere, Repository } from 'typeorm';
import type { AppScope } from '../context/scope.js';
import type { Id } from '../ids/id.js';
import { type ConstraintProblems, mappingConstraints } from './constraint-problems.js';
import type { Database, Rows } from './database.js';
import type { AppStatement } from './statement.js';

export interface AppScopedRow {
  readonly appId: Id<'app'>;
}

type WhereInApp<Row extends AppScopedRow> = Omit<FindOptionsWhere<Row>, 'appId'>;

/** Base of the few repositories whose rows belong to an app as a whole: environments, publishable keys, app-level settings. */
export abstract class AppScopedRepository<Row extends AppScopedRow> {
  readonly #database: Database;
  readonly #entity: EntityTarget<Row>;
  readonly #problems: ConstraintProblems;

  constructor(database: Database, entity: EntityTarget<Row>, problems: ConstraintProblems = {}) {
    this.#database = database;
    this.#entity = entity;
    this.#problems = problems;
  }

  protected findOneIn(scope: AppScope, where: WhereInApp<Row>): Promise<Row | null> {
    return this.#with(scope, (rows) => rows.findOne({ where: scoped(scope, where) }));
  }

  protected findIn(scope: AppScope, where: WhereInApp<Row>, order: FindOptionsOrder<Row>): Promise<Row[]> {
    return this.#with(scope, (rows) => rows.find({ where: scoped(scope, where), order }));
  }

  protected async insertIn(scope: AppScope, row: Omit<Row, 'appId'>): Promise<Row> {
    const complete = { ...row, appId: scope.appId } as Row;
    await this.#with(scope, (rows) => rows.insert(complete as Parameters<typeof rows.insert>[0]));
    return complete;
  }

  /** Runs a hand-written statement; its first parameter is the app, `values` follow from `$2` on. */
  protected queryIn<Result>(scope: AppScope, statement: AppStatement, values: unknown[] = []): Promise<Rows<Result>> {
    return mappingConstraints(this.#problems, () =>
      this.#database.query<Result>(scope, statement, [scope.appId, ...values]),
    );
  }

  #with<T>(scope: AppScope, work: (rows: Repository<Row>) => Promise<T>): Promise<T> {
    return mappingConstraints(this.#problems, () =>
      this.#database.withManager(scope, (manager) => work(manager.getRepository(this.#entity))),
    );
  }
}

function scoped<Row extends AppScopedRow>(scope: AppScope, where: WhereInApp<Row>): FindOptionsWhere<Row> {
  return { ...where, appId: scope.appId } as FindOptionsWhere<Row>;
}
