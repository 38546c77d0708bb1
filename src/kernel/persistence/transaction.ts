import type { PoolClient, QueryResult } from 'pg';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { type AnyScope, scopeTag, SYSTEM } from '../context/scope.js';
import { ServiceUnavailable } from '../errors/common-problems.js';
import { DeferredWrites, type Told } from './deferred-writes.js';

/**
 * One open transaction: its connection, the scope its row policies see, and the consequences to write before it commits.
 *
 * BEGIN travels with the first statement, and COMMIT with the consequences (the pool's connections are in pipeline mode), so a transaction
 * costs no round trip that does not ask anything.
 */
export class Transaction {
  readonly writes = new DeferredWrites();
  #scope: string | undefined;
  #open = true;

  private constructor(
    private readonly runner: QueryRunner,
    readonly client: PoolClient,
    private readonly begun: Promise<unknown>,
    private readonly rowPolicies: boolean,
  ) {}

  static async begin(dataSource: DataSource, rowPolicies: boolean): Promise<Transaction> {
    const runner = dataSource.createQueryRunner();
    try {
      const client = (await runner.connect()) as PoolClient;
      const begun = client.query('BEGIN');
      // Not awaited here: it travels with the first statement. The commit asks how it went.
      begun.catch(() => undefined);
      return new Transaction(runner, client, begun, rowPolicies);
    } catch (error) {
      await runner.release().catch(() => undefined);
      throw error;
    }
  }

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

  /**
   * Writes the consequences and commits. @returns who else is concerned.
   * @throws what a consequence failed with; ServiceUnavailable when PostgreSQL did not commit.
   */
  async commit(): Promise<Told> {
    const { told } = this.writes;
    const flush = this.writes.take();
    try {
      await this.begun;
      // Consequences of one transaction may belong to several tenants (bootstrap): the buffer itself is trusted code.
      if (flush !== undefined) await this.enter(SYSTEM);
      const [, committed] = await Promise.all([
        flush === undefined ? undefined : this.client.query(flush),
        this.client.query('COMMIT'),
      ]);
      // A transaction that had failed answers COMMIT with ROLLBACK, and no error.
      if (committed.command !== 'COMMIT')
        throw new ServiceUnavailable({ cause: new Error('the transaction had failed') });
    } catch (error) {
      await this.rollBack();
      throw error;
    }
    await this.end();
    return told;
  }

  /** Undoes everything and gives the connection back. Safe to call in any state. */
  async rollBack(): Promise<void> {
    if (!this.#open) return;
    await this.client.query('ROLLBACK').catch((): QueryResult | undefined => undefined);
    await this.end();
  }

  private async end(): Promise<void> {
    this.#open = false;
    await this.runner.release().catch(() => undefined);
  }
}
