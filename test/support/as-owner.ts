import { Client } from 'pg';
import type { TestApp } from './test-app.js';

/** Runs a statement as the owner of the tables, past every rule of the service: to look at what is stored, or to plant what a test needs. */
export async function asOwner<Row = Record<string, unknown>>(
  app: TestApp,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new Client({ connectionString: app.database.ownerUrl });
  await client.connect();
  try {
    return (await client.query(sql, values)).rows as Row[];
  } finally {
    await client.end();
  }
}
