import { SYSTEM } from '../context/scope.js';
import type { Database, Rows } from './database.js';
import type { Statement } from './statement.js';

/**
 * Base of the repositories that work across tenants: look-ups that find the tenant of a credential, jobs, bootstrap. Their
 * methods start with `anyTenant`, so that the whole cross-tenant surface can be found with one search.
 */
export abstract class SystemRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** One guarded statement with its consequences (see `Database.change`). */
  protected change<Result>(
    statement: Statement,
    values: unknown[],
    record: () => Promise<void> | void,
  ): Promise<Rows<Result>> {
    return this.#database.change<Result>(SYSTEM, statement, values, record);
  }

  protected query<Result>(statement: Statement, values: unknown[] = []): Promise<Rows<Result>> {
    return this.#database.query<Result>(SYSTEM, statement, values);
  }
}
