/** A table whose rows are consequences of a change (audit, events, jobs) and are written with it, just before it commits. */
export interface DeferredTable {
  readonly name: string;
  /** Column name to PostgreSQL type, as `jsonb_to_recordset` wants it. Buffers go as `\\x…` text, times as ISO text. */
  readonly columns: Readonly<Record<string, string>>;
}

export interface FlushStatement {
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
}

/**
 * Collects the consequences of one transaction and writes them all in one statement, notifications included, so that a
 * change with an audit entry, two events and a job costs one round trip more, not four.
 */
export class DeferredWrites {
  readonly #rows = new Map<DeferredTable, Record<string, unknown>[]>();
  readonly #notifications: string[] = [];

  add(table: DeferredTable, row: Record<string, unknown>): void {
    const rows = this.#rows.get(table);
    if (rows === undefined) this.#rows.set(table, [row]);
    else rows.push(row);
  }

  notify(payload: string): void {
    if (!this.#notifications.includes(payload)) this.#notifications.push(payload);
  }

  get notifications(): readonly string[] {
    return [...this.#notifications];
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0 && this.#notifications.length === 0;
  }

  /** A mark to return to with {@link rollBackTo} when a nested piece of work fails. */
  mark(): WritesMark {
    return {
      rows: new Map([...this.#rows].map(([table, rows]) => [table, rows.length])),
      notifications: this.#notifications.length,
    };
  }

  rollBackTo(mark: WritesMark): void {
    for (const [table, rows] of this.#rows) {
      rows.length = mark.rows.get(table) ?? 0;
      if (rows.length === 0) this.#rows.delete(table);
    }
    this.#notifications.length = mark.notifications;
  }

  /** The one statement that writes everything collected so far, or undefined; what it holds is forgotten here. */
  take(): FlushStatement | undefined {
    if (this.isEmpty) return undefined;
    const tables = [...this.#rows.keys()].sort((a, b) => a.name.localeCompare(b.name));
    const values: unknown[] = tables.map((table) => JSON.stringify(this.#rows.get(table)));
    values.push([...this.#notifications]);
    const name = `flush.${tables.map((table) => table.name).join('+')}`;
    this.#rows.clear();
    this.#notifications.length = 0;
    return { name, text: flushText(name, tables), values };
  }
}

export interface WritesMark {
  readonly rows: ReadonlyMap<DeferredTable, number>;
  readonly notifications: number;
}

/** All notifications of the service travel on one channel; the payload starts with what changed. */
export const NOTIFICATION_CHANNEL = 'authsome';

const texts = new Map<string, string>();

function flushText(name: string, tables: DeferredTable[]): string {
  let text = texts.get(name);
  if (text === undefined) {
    const inserts = tables.map((table, index) => {
      const columns = Object.keys(table.columns).join(', ');
      const types = Object.entries(table.columns).map(([column, type]) => `${column} ${type}`);
      return `w${index} AS (INSERT INTO ${table.name} (${columns})
        SELECT ${columns} FROM jsonb_to_recordset($${index + 1}::jsonb) AS r(${types.join(', ')}))`;
    });
    const notify = `SELECT pg_notify('${NOTIFICATION_CHANNEL}', n) FROM unnest($${tables.length + 1}::text[]) AS n`;
    text = inserts.length === 0 ? notify : `WITH ${inserts.join(',\n')}\n${notify}`;
    texts.set(name, text);
  }
  return text;
}
