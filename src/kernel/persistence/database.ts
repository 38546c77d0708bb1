import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import type { Pool, QueryResult } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import { requestContext } from '../context/request-context.js';
import { type AnyScope, type EnvScope, SYSTEM } from '../context/scope.js';
import { Announcer } from './announcer.js';
import { isRetryable, translateDatabaseError } from './database-errors.js';
import { type DeferredTable, DeferredWrites } from './deferred-writes.js';
import { type Statement, statement } from './statement.js';
import { Transaction } from './transaction.js';

/** What one statement brought back. */
export interface Rows<Row> {
  readonly rows: Row[];
  /** Rows inserted, updated or deleted: the answer of a guarded statement. */
  readonly count: number;
}

export interface DatabaseOptions {
  /** Whether row policies are enforced for this process's connections (see docs/operations.md). */
  readonly rowPolicies: boolean;
}

const MOST_ATTEMPTS = 3;

const PING = statement('database.ping', 'SELECT 1');
const TIME = statement(
  'database.time',
  'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::double precision AS ms',
);

/** What is going on around a call: a transaction, or a single statement that collects its consequences. */
type Ambient = Transaction | DeferredWrites;

/**
 * The only way to PostgreSQL. Statements and entity managers join the ambient transaction when there is one. A transaction
 * is retried as a whole on deadlock and serialization failure, so its work must have no effect outside the database.
 */
@Injectable()
export class Database {
  readonly #ambient = new AsyncLocalStorage<Ambient>();
  readonly #announcer: Announcer;

  constructor(
    private readonly dataSource: DataSource,
    private readonly options: DatabaseOptions,
  ) {
    this.#announcer = new Announcer((text, values) => this.pool.query(text, values));
  }

  /** The driver's pool. Hand-written statements use it directly: about twice as fast as through the mapper. */
  get pool(): Pool {
    return (this.dataSource.driver as unknown as { master: Pool }).master;
  }

  get current(): Transaction | undefined {
    const ambient = this.#ambient.getStore();
    return ambient instanceof Transaction ? ambient : undefined;
  }

  /**
   * Lets this replica hear its own notifications as soon as they are committed, before the request that caused them is answered: its
   * next request must not meet a cache that the database has already contradicted.
   */
  hearOwnNotifications(listener: (payload: string) => void): void {
    this.#announcer.hear(listener);
  }

  /**
   * Runs `work` in a transaction, or in the one already open. Inside: database only — no HTTP, no mail, no hashing, no
   * parallel statements.
   */
  transaction<T>(work: () => Promise<T>): Promise<T> {
    if (this.current !== undefined) return work();
    const unit = requestContext.current()?.unit;
    return unit === undefined ? this.independently(work) : unit.run(work);
  }

  /** A transaction of its own, committed before this returns even inside a request-wide unit of work. */
  async independently<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.once(work);
      } catch (error) {
        if (!isRetryable(error) || attempt === MOST_ATTEMPTS) throw translateDatabaseError(error);
      }
    }
  }

  /** Opens a transaction that the caller ends with {@link commit} or {@link rollBack}: for units that span a request. */
  async begin(): Promise<Transaction> {
    try {
      return await Transaction.begin(this.dataSource, this.options.rowPolicies);
    } catch (error) {
      throw translateDatabaseError(error);
    }
  }

  inside<T>(transaction: Transaction, work: () => Promise<T>): Promise<T> {
    return this.#ambient.run(transaction, work);
  }

  /** @throws the driver's error, or ServiceUnavailable when the answer to the commit was lost. */
  async commit(transaction: Transaction): Promise<void> {
    await this.#announcer.announce(await transaction.commit());
  }

  rollBack(transaction: Transaction): Promise<void> {
    return transaction.rollBack();
  }

  /** Asks for nothing. @throws ServiceUnavailable when PostgreSQL does not answer. */
  async ping(): Promise<void> {
    await this.query(SYSTEM, PING, []);
  }

  /** The database's clock, in milliseconds since the epoch. */
  async time(): Promise<number> {
    const [row] = (await this.query<{ ms: number }>(SYSTEM, TIME, [])).rows;
    return (row as { ms: number }).ms;
  }

  /** Runs a hand-written statement within `scope`. @throws ServiceUnavailable, or the driver's error for the repository to read. */
  async query<Row>(scope: AnyScope, statement: Statement, values: unknown[]): Promise<Rows<Row>> {
    const transaction = this.current;
    const query = { ...planning(statement), text: statement.text, values };
    try {
      if (transaction !== undefined) {
        await transaction.enter(scope);
        return answer<Row>(await transaction.client.query(query));
      }
      if (!this.options.rowPolicies) return answer<Row>(await this.pool.query(query));
    } catch (error) {
      throw transaction !== undefined && isRetryable(error) ? error : translateDatabaseError(error);
    }
    return this.independently(() => this.query<Row>(scope, statement, values));
  }

  /**
   * Runs one guarded statement together with its consequences: they are written if, and only if, it touched a row. Outside a transaction
   * that is one round trip and one commit for all of it — for the few writes that are hot.
   * @param change must return the rows it touched.
   * @param record records audit entries, events, jobs and announcements; it may neither query nor notify.
   */
  async change<Row>(
    scope: AnyScope,
    change: Statement,
    values: unknown[],
    record: () => Promise<void> | void,
  ): Promise<Rows<Row>> {
    const inTransaction = this.current !== undefined || requestContext.current()?.unit !== undefined;
    if (inTransaction || this.options.rowPolicies) {
      return this.transaction(async () => {
        const result = await this.query<Row>(scope, change, values);
        if (result.count > 0) await record();
        return result;
      });
    }
    const writes = new DeferredWrites();
    await this.#ambient.run(writes, async () => record());
    const { told } = writes;
    const { name, text, values: all } = writes.after(change, values);
    let result: Rows<Row>;
    try {
      result = answer<Row>(await this.pool.query({ name, text, values: all }));
    } catch (error) {
      throw translateDatabaseError(error);
    }
    if (result.count > 0) await this.#announcer.announce(told);
    return result;
  }

  /** Lends an entity manager within `scope`: the ambient transaction's, or the pool's for a single statement. */
  async withManager<T>(scope: AnyScope, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const transaction = this.current;
    if (transaction !== undefined) {
      await transaction.enter(scope);
      return work(transaction.manager);
    }
    if (this.options.rowPolicies) return this.independently(() => this.withManager(scope, work));
    try {
      return await work(this.dataSource.manager);
    } catch (error) {
      throw translateDatabaseError(error);
    }
  }

  /**
   * Writes a row with the change it belongs to, in the same transaction, just before commit.
   * @throws Error outside a transaction: a consequence without its change is a bug.
   */
  defer(table: DeferredTable, row: Record<string, unknown>): void {
    this.writes(table.name).add(table, row);
  }

  /**
   * Deletes rows of a tenant with the change it belongs to, in the same transaction, just before commit.
   * @param from the table, with the columns besides the tenant's that name a row.
   */
  deferDelete(scope: EnvScope, from: DeferredTable, key: Record<string, unknown>): void {
    this.writes(from.name).delete(from, { ...key, app_id: scope.appId, env_id: scope.envId });
  }

  /** Tells every replica, with the commit, that something they may rely on is no longer so: `<kind>:<id>`. */
  notify(payload: string): void {
    this.writes('a notification').notify(payload);
  }

  /**
   * Tells every replica soon after the commit. Cheaper where there are many, but lost with the process: for what is found out without,
   * a moment later.
   */
  announce(payload: string): void {
    this.writes('an announcement').announce(payload);
  }

  /** Tells this replica alone, after the commit: for work that any replica finds by itself a little later. */
  whisper(payload: string): void {
    this.writes('a whisper').whisper(payload);
  }

  private writes(what: string): DeferredWrites {
    const ambient = this.#ambient.getStore();
    if (ambient === undefined) throw new Error(`${what} is written inside a transaction, with its change`);
    return ambient instanceof Transaction ? ambient.writes : ambient;
  }

  private async once<T>(work: () => Promise<T>): Promise<T> {
    const transaction = await this.begin();
    let result: T;
    try {
      result = await this.inside(transaction, work);
    } catch (error) {
      await this.rollBack(transaction);
      throw error;
    }
    await this.commit(transaction);
    return result;
  }
}

/** A statement with a name is prepared once per connection, and after some runs has one plan for all values. */
function planning({ name, replanned }: Statement): { name?: string } {
  return replanned === true ? {} : { name };
}

function answer<Row>(result: QueryResult): Rows<Row> {
  return { rows: result.rows as Row[], count: result.rowCount ?? 0 };
}
