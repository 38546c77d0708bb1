import type { RequestUnit } from '../context/request-context.js';
import type { Database } from './database.js';
import type { Transaction } from './transaction.js';

const CHANGED = 'SELECT pg_current_xact_id_if_assigned() IS NOT NULL AS changed';

/**
 * One transaction for a whole request: opened by the first piece of work, committed when the answer is known. An idempotent
 * request uses it so that its effects and the stored answer commit together: after a crash either both are there or neither,
 * and a retry with the same key is safe (F01, F10).
 *
 * A failed piece of work is undone to its savepoint, exactly as its own transaction would have been.
 */
export class DeferredUnit implements RequestUnit {
  #transaction: Transaction | undefined;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(private readonly database: Database) {}

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(() => this.step(work));
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** Commits, with `last` as the final piece of work. */
  async commit(last: () => Promise<void>): Promise<void> {
    await this.run(last);
    const transaction = this.#transaction;
    this.#transaction = undefined;
    if (transaction !== undefined) await this.database.commit(transaction);
  }

  /** Gives the connection back; what was not committed is undone. Safe to call in any state. */
  async dispose(): Promise<void> {
    const transaction = this.#transaction;
    this.#transaction = undefined;
    if (transaction !== undefined) await this.database.rollBack(transaction);
  }

  private async step<T>(work: () => Promise<T>): Promise<T> {
    this.#transaction ??= await this.database.begin();
    const transaction = this.#transaction;
    const mark = transaction.writes.mark();
    await transaction.client.query('SAVEPOINT step');
    try {
      const result = await this.database.inside(transaction, work);
      await transaction.client.query('RELEASE SAVEPOINT step');
      await this.letGoUnchanged(transaction);
      return result;
    } catch (error) {
      transaction.writes.rollBackTo(mark);
      transaction.forgetScope();
      await transaction.client.query('ROLLBACK TO SAVEPOINT step').catch(() => undefined);
      throw error;
    }
  }

  /**
   * While nothing has changed the connection need not be kept. The request's next statement outside a transaction would otherwise wait for
   * another one, and as many such requests as there are connections would wait for each other (F04).
   */
  private async letGoUnchanged(transaction: Transaction): Promise<void> {
    if (!transaction.writes.isEmpty) return;
    const { rows } = await transaction.client.query<{ changed: boolean }>(CHANGED);
    if (rows[0]?.changed === false) await this.dispose();
  }
}
