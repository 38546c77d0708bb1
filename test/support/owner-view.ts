import { Client } from 'pg';
import type { TestDatabase } from './postgres.js';

/** Reads the database as its owner, past every row policy. */
export class OwnerView {
  private constructor(private readonly client: Client) {}

  static async open({ ownerUrl }: TestDatabase): Promise<OwnerView> {
    const client = new Client({ connectionString: ownerUrl });
    await client.connect();
    return new OwnerView(client);
  }

  close(): Promise<void> {
    return this.client.end();
  }

  async query<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.client.query<Row>(text, values)).rows;
  }

  /** Every table, with the names of its columns. */
  async tables(): Promise<Map<string, string[]>> {
    const rows = await this.query<{ table: string; column: string }>(
      `SELECT c.table_name AS "table", c.column_name AS "column"
       FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
       WHERE table_schema = 'public' AND t.table_type = 'BASE TABLE' ORDER BY 1, 2`,
    );
    const tables = new Map<string, string[]>();
    for (const { table, column } of rows) tables.set(table, [...(tables.get(table) ?? []), column]);
    return tables;
  }

  /** Every row of every table, as JSON: columns of bytes as `\\x…`. */
  async dump(): Promise<Map<string, string[]>> {
    const dump = new Map<string, string[]>();
    for (const table of (await this.tables()).keys()) {
      const rows = await this.query<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM "${table}" t ORDER BY 1`);
      dump.set(
        table,
        rows.map(({ row }) => row),
      );
    }
    return dump;
  }

  /** Every row that belongs to an app, whatever its table: equal before and after, and the app was not touched. */
  async rowsOf(appId: string): Promise<string[]> {
    const rows: string[] = [];
    for (const [table, columns] of await this.tables()) {
      const column = table === 'apps' ? 'id' : 'app_id';
      // Whom an operator reaches is theirs, not the app's.
      if (!columns.includes(column) || table === 'operator_apps') continue;
      const found = await this.query<{ row: string }>(
        `SELECT to_jsonb(t)::text AS row FROM "${table}" t WHERE t.${column} = $1 ORDER BY 1`,
        [appId],
      );
      rows.push(...found.map(({ row }) => `${table} ${row}`));
    }
    return rows;
  }
}
