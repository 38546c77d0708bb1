import type { DataSourceOptions } from 'typeorm';

type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>;

export interface Connection {
  readonly url: string;
  readonly poolSize?: number;
  /** Milliseconds; each is enforced by PostgreSQL itself (R343). */
  readonly timeouts?: {
    readonly connectMs: number;
    readonly statementMs: number;
    readonly lockMs: number;
    readonly idleTransactionMs: number;
  };
  readonly rowPolicies?: boolean;
}

/** Settings that every connection of the service has in common. `synchronize` is never on. */
export function dataSourceOptions(connection: Connection): PostgresOptions {
  const { timeouts } = connection;
  return {
    type: 'postgres',
    url: connection.url,
    synchronize: false,
    installExtensions: false,
    uuidExtension: 'pgcrypto',
    migrationsTableName: 'migrations',
    migrationsTransactionMode: 'each',
    poolSize: connection.poolSize ?? 10,
    applicationName: 'authsome',
    extra: {
      ...(timeouts === undefined ? {} : timeoutSettings(timeouts)),
      ...(connection.rowPolicies === true ? { options: '-c authsome.rls=on' } : {}),
      // BEGIN and COMMIT travel with their neighbours (see Transaction).
      pipeline: true,
      // An idle pool is kept small in memory and warm in use.
      idleTimeoutMillis: 30_000,
      keepAlive: true,
    },
  };
}

function timeoutSettings(timeouts: NonNullable<Connection['timeouts']>): Record<string, number> {
  return {
    connectionTimeoutMillis: timeouts.connectMs,
    statement_timeout: timeouts.statementMs,
    lock_timeout: timeouts.lockMs,
    idle_in_transaction_session_timeout: timeouts.idleTransactionMs,
    // The client gives up a little after the server would have: it notices a server that is gone.
    query_timeout: timeouts.statementMs + timeouts.lockMs,
  };
}
