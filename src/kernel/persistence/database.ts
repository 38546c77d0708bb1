import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import type { Pool, PoolClient, QueryResult } from 'pg';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { requestContext } from '../context/request-context.js';
import { type AnyScope, scopeTag, SYSTEM } from '../context/scope.js';
import { isRetryable, translateDatabaseError } from './database-errors.js';
import { type DeferredTable, DeferredWrites } from './deferred-writes.js';
import { type Statement, statement } from './statement.js';

/** Runs one statement and tells what came back. */
export interface Rows<Row> {
  readonly rows: Row[];
  /** Rows inserted, updated or deleted: the answer of a guarded statement. */
  readonly count: number;
}

/** One open transaction: its connection, the scope its row policies see, and the consequences to write before it commits. */
export class Transaction {
  readonly writes = new DeferredWrites();
  readonly #afterCommit: (() => void)[] = [];
  #scope: string | undefined;

  constructor(
    readonly runner: QueryRunner,
    readonly client: PoolClient,
    private readonly rowPolicies: boolean,
  ) {}

  get manager(): EntityManager {
    return this.runner.manager;
  }

  /** Lets the row policies see `scope` from here on. Costs nothing where the policies are not switched on. */
  async enter(scope: AnyScope): Promise<void> {
    const tag = scopeTag(scope);
    if (!this.rowPolicies || this.#scope === tag) return;
    await this.client.query("SELECT set_config('authsome.scope', $1, true)", [tag]);
    this.#scope = tag;
  }

  /** A savepoint rollback has also undone the scope that was set after it. */
  forgetScope(): void {
    this.#scope = undefined;
  }

  /** Writes the collected consequences. @returns the notifications that travel with the commit. */
  async flush(): Promise<readonly string[]> {
    const notifications = this.writes.notifications;
    const flush = this.writes.take();
    if (flush === undefined) return [];
    // Consequences of one transaction may belong to several tenants (bootstrap): the buffer itself is trusted code.
    await this.enter(SYSTEM);
    await this.client.query(flush);
    return notifications;
  }

  onCommit(action: () => void): void {
    this.#afterCommit.push(action);
  }

  committed(): void {
    for (const action of this.#afterCommit.splice(0)) action();
  }
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

/**
 * The only way to PostgreSQL. Statements and entity managers join the ambient transaction when there is one. A transaction
 * is retried as a whole on deadlock and serialization failure, so its work must have no effect outside the database.
 */
@Injectable()
export class Database {
  readonly #ambient = new AsyncLocalStorage<Transaction>();
  #hear: (payload: string) => void = () => undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly options: DatabaseOptions,
  ) {}

  /** The driver's pool. Hand-written statements use it directly: about twice as fast as through the mapper. */
  get pool(): Pool {
    return (this.dataSource.driver as unknown as { master: Pool }).master;
  }

  /**
   * Lets this replica hear its own notifications as soon as they are committed, before the request that caused them is answered: its
   * next request must not meet a cache that the database has already contradicted.
   */
  hearOwnNotifications(listener: (payload: string) => void): void {
    this.#hear = listener;
  }

  get current(): Transaction | undefined {
    return this.#ambient.getStore();
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
    const runner = this.dataSource.createQueryRunner();
    try {
      const client = (await runner.connect()) as PoolClient;
      await runner.startTransaction();
      return new Transaction(runner, client, this.options.rowPolicies);
    } catch (error) {
      await runner.release().catch(() => undefined);
      throw translateDatabaseError(error);
    }
  }

  inside<T>(transaction: Transaction, work: () => Promise<T>): Promise<T> {
    return this.#ambient.run(transaction, work);
  }

  async commit(transaction: Transaction): Promise<void> {
    let notifications: readonly string[];
    try {
      notifications = await transaction.flush();
      await transaction.runner.commitTransaction();
    } catch (error) {
      await this.rollBack(transaction);
      throw error;
    }
    await transaction.runner.release();
    for (const payload of notifications) this.#hear(payload);
    transaction.committed();
  }

  async rollBack(transaction: Transaction): Promise<void> {
    try {
      if (transaction.runner.isTransactionActive) await transaction.runner.rollbackTransaction();
    } catch {
      // The connection is gone; PostgreSQL has rolled back already.
    } finally {
      await transaction.runner.release().catch(() => undefined);
    }
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
  async query<Row>(scope: AnyScope, { name, text }: Statement, values: unknown[]): Promise<Rows<Row>> {
    const transaction = this.current;
    try {
      if (transaction !== undefined) {
        await transaction.enter(scope);
        return answer<Row>(await transaction.client.query({ name, text, values }));
      }
      if (!this.options.rowPolicies) return answer<Row>(await this.pool.query({ name, text, values }));
    } catch (error) {
      throw transaction !== undefined && isRetryable(error) ? error : translateDatabaseError(error);
    }
    return this.independently(() => this.query<Row>(scope, { name, text }, values));
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
    this.requireTransaction(table.name).writes.add(table, row);
  }

  /** Tells every replica, on commit, that something changed: `<kind>:<id>`. */
  notify(payload: string): void {
    this.requireTransaction('notification').writes.notify(payload);
  }

  /** Runs on this replica once the ambient transaction has committed; at once when there is none. */
  afterCommit(action: () => void): void {
    if (this.current === undefined) action();
    else this.current.onCommit(action);
  }

  private requireTransaction(what: string): Transaction {
    if (this.current === undefined) throw new Error(`${what} is written inside a transaction, with its change`);
    return this.current;
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

function answer<Row>(result: QueryResult): Rows<Row> {
  return { rows: result.rows as Row[], count: result.rowCount ?? 0 };
}
