import { Client } from 'pg';
import type { TestApp } from '../../support/test-app.js';

interface Row {
  readonly table: string;
  /** Every column as JSON text; bytes as `\x…`. */
  readonly text: string;
}

/** Everything the database of an app holds, every column of every table. */
export class DatabaseDump {
  private constructor(private readonly rows: readonly Row[]) {}

  static async of(app: TestApp): Promise<DatabaseDump> {
    const client = new Client({ connectionString: app.database.ownerUrl });
    await client.connect();
    try {
      const { rows: tables } = await client.query<{ name: string }>(
        `SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
           AND n.nspname NOT LIKE 'pg_toast%'`,
      );
      const rows: Row[] = [];
      for (const { name: table } of tables) {
        const found = await client.query<{ text: string }>(`SELECT to_jsonb(t)::text AS text FROM ${table} t`);
        rows.push(...found.rows.map(({ text }) => ({ table, text })));
      }
      return new DatabaseDump(rows);
    } finally {
      await client.end();
    }
  }

  /** The rows that hold a value: as it is, in any letter case, or as the hexadecimal or base64 form of its bytes. */
  rowsWith(value: string): readonly string[] {
    const forms = [value.toLowerCase(), Buffer.from(value).toString('hex')];
    const encoded = base64Forms(value);
    return this.rows
      .filter(
        ({ text }) =>
          forms.some((form) => text.toLowerCase().includes(form)) ||
          encoded.some((form) => text.includes(form) || text.includes(Buffer.from(form).toString('hex'))),
      )
      .map(({ table, text }) => `${table}: ${text}`);
  }
}

/** Where a value starts inside a longer text decides which of three base64 forms it has; the outermost characters depend on its neighbours. */
function base64Forms(value: string): string[] {
  return [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]).toString('base64');
    const inner = encoded.replace(/=+$/, '').slice(offset === 0 ? 0 : 4, -2);
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
