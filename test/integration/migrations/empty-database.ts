import type { DataSource } from 'typeorm';
import { Client } from 'pg';
import { authsomeDataSource } from '../../../ormconfig.js';
import { createTestDatabase } from '../../support/postgres.js';

/** A database in which nothing has been migrated yet. */
export interface EmptyDatabase {
  /** As the owner. */
  readonly url: string;
  /** One more connection of the owner's, as one more process would open it. Closed with the database. */
  connect(): Promise<DataSource>;
  drop(): Promise<void>;
}

export async function createEmptyDatabase(): Promise<EmptyDatabase> {
  const { ownerUrl, drop } = await createTestDatabase();
  await withClient(ownerUrl, (client) => client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public'));
  const open: DataSource[] = [];
  return {
    url: ownerUrl,
    connect: async () => {
      const dataSource = await authsomeDataSource({ url: ownerUrl, poolSize: 2 }).initialize();
      open.push(dataSource);
      return dataSource;
    },
    drop: async () => {
      for (const dataSource of open) await dataSource.destroy();
      await drop();
    },
  };
}

export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Everything that migrations make, one line each, in an order that does not depend on when it was made. */
export async function schemaOf(dataSource: DataSource): Promise<string[]> {
  const rows = await dataSource.query<{ line: string }[]>(`
    SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' '
      || coalesce(collation_name, '') || ' ' || coalesce(column_default, '') AS line
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL
    SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT 'policy ' || tablename || ' ' || policyname || ' ' || coalesce(qual, '') || ' ' || coalesce(with_check, '')
    FROM pg_policies WHERE schemaname = 'public'
    UNION ALL
    SELECT 'table ' || relname || ' ' || relkind::text || relpersistence::text || relrowsecurity::text || coalesce(reloptions::text, '')
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S')
    UNION ALL
    SELECT 'function ' || pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    ORDER BY 1`);
  return rows.map(({ line }) => line);
}
