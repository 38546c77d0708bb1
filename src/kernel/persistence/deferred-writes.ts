/** A table whose rows are consequences of a change (audit, events, jobs) and are written, or deleted, with it just before it commits. */
export interface DeferredTable {
  readonly name: string;
  /** Column name to PostgreSQL type, as `jsonb_to_recordset` wants it. Buffers go as `\\x…` text, times as ISO text. */
  readonly columns: Readonly<Record<string, string>>;
}

export interface PreparedStatement {
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
}

export interface WritesMark {
  readonly rows: ReadonlyMap<DeferredTable, number>;
  readonly deletions: ReadonlyMap<DeferredTable, number>;
  readonly notifications: number;
  readonly announcements: number;
  readonly whispers: number;
}

/** Whom else a change concerns. */
export interface Told {
  /** Told by the commit itself. */
  readonly notifications: readonly string[];
  /** To be told after the commit. */
  readonly announcements: readonly string[];
  /** For this replica alone, after the commit. */
  readonly whispers: readonly string[];
}

/** All notifications of the service travel on one channel; the payload starts with what changed. */
export const NOTIFICATION_CHANNEL = 'authsome';

/**
 * Collects the consequences of one change and writes them all in one statement, so that a change with an audit entry, two events and a
 * job costs one round trip more, not four.
 */
export class DeferredWrites {
  readonly #rows: Batches = new Map();
  readonly #deletions: Batches = new Map();
  readonly #notifications: string[] = [];
  readonly #announcements: string[] = [];
  readonly #whispers: string[] = [];

  add(table: DeferredTable, row: Record<string, unknown>): void {
    addTo(this.#rows, table, row);
  }

  /** @param from the table, with the columns that name a row. */
  delete(from: DeferredTable, key: Record<string, unknown>): void {
    addTo(this.#deletions, from, key);
  }

  notify(payload: string): void {
    if (!this.#notifications.includes(payload)) this.#notifications.push(payload);
  }

  announce(payload: string): void {
    if (!this.#announcements.includes(payload)) this.#announcements.push(payload);
  }

  whisper(payload: string): void {
    if (!this.#whispers.includes(payload)) this.#whispers.push(payload);
  }

  get told(): Told {
    return {
      notifications: [...this.#notifications],
      announcements: [...this.#announcements],
      whispers: [...this.#whispers],
    };
  }

  get isEmpty(): boolean {
    const { length } = [
      ...this.#rows.keys(),
      ...this.#deletions.keys(),
      ...this.#notifications,
      ...this.#announcements,
    ];
    return length === 0;
  }

  /** A mark to return to with {@link rollBackTo} when a nested piece of work fails. */
  mark(): WritesMark {
    return {
      rows: lengths(this.#rows),
      deletions: lengths(this.#deletions),
      notifications: this.#notifications.length,
      announcements: this.#announcements.length,
      whispers: this.#whispers.length,
    };
  }

  rollBackTo(mark: WritesMark): void {
    truncate(this.#rows, mark.rows);
    truncate(this.#deletions, mark.deletions);
    this.#notifications.length = mark.notifications;
    this.#announcements.length = mark.announcements;
    this.#whispers.length = mark.whispers;
  }

  /** The one statement that writes everything collected so far, or undefined; what it holds is forgotten here. */
  take(): PreparedStatement | undefined {
    const { name: tables, values, parts } = this.collected();
    const notifications = this.#notifications.splice(0);
    this.#rows.clear();
    this.#deletions.clear();
    this.#announcements.length = 0;
    this.#whispers.length = 0;
    if (values.length + notifications.length === 0) return undefined;
    const notifies = notifications.length > 0;
    const name = `flush.${tables}${notifies ? '!' : ''}`;
    const text = remembered(name, () => {
      const writes = values.length === 0 ? '' : `WITH ${parts(0, '')} `;
      return `${writes}SELECT ${notifies ? notify(values.length + 1) : '1'}`;
    });
    return { name, text, values: notifies ? [...values, notifications] : values };
  }

  /**
   * One statement that makes a change and, where the change touched a row, writes everything collected here.
   * @throws Error for notifications: only a transaction sends them with its commit.
   */
  after(change: { readonly name: string; readonly text: string }, values: unknown[]): PreparedStatement {
    if (this.#notifications.length > 0) throw new Error(`${change.name} must announce, or notify inside a transaction`);
    const collected = this.collected();
    if (collected.values.length === 0) return { ...change, values };
    const name = `${change.name}+${collected.name}`;
    const text = remembered(
      name,
      () =>
        `WITH change AS (${change.text}), ${collected.parts(values.length, 'EXISTS (SELECT FROM change)')} SELECT * FROM change`,
    );
    return { name, text, values: [...values, ...collected.values] };
  }

  private collected(): Collected {
    const rows = inOrder(this.#rows);
    const deletions = inOrder(this.#deletions);
    return {
      name: [...rows.map(({ table }) => table.name), ...deletions.map(({ table }) => `-${table.name}`)].join('+'),
      values: [...rows, ...deletions].map(({ batch }) => JSON.stringify(batch)),
      parts: (offset, condition) =>
        [
          ...rows.map(({ table }, index) => insertPart(table, offset + index + 1, condition)),
          ...deletions.map(({ table }, index) => deletePart(table, offset + rows.length + index + 1, condition)),
        ].join(',\n'),
    };
  }
}

type Batches = Map<DeferredTable, Record<string, unknown>[]>;

interface Collected {
  readonly name: string;
  readonly values: unknown[];
  /** The statement's parts; `offset` is how many parameters stand before theirs, `condition` is a condition for each, or empty. */
  readonly parts: (offset: number, condition: string) => string;
}

function insertPart(table: DeferredTable, parameter: number, condition: string): string {
  const names = Object.keys(table.columns).join(', ');
  const where = condition === '' ? '' : ` WHERE ${condition}`;
  return `into_${table.name} AS (INSERT INTO ${table.name} (${names}) SELECT ${names} FROM ${recordset(table, parameter)}${where})`;
}

function deletePart(table: DeferredTable, parameter: number, condition: string): string {
  const conditions = Object.keys(table.columns).map((column) => `t.${column} = r.${column}`);
  if (condition !== '') conditions.push(condition);
  return `from_${table.name} AS (DELETE FROM ${table.name} t USING ${recordset(table, parameter)} WHERE ${conditions.join(' AND ')})`;
}

function recordset({ columns }: DeferredTable, parameter: number): string {
  const types = Object.entries(columns).map(([column, type]) => `${column} ${type}`);
  return `jsonb_to_recordset($${parameter}::jsonb) AS r(${types.join(', ')})`;
}

function notify(parameter: number): string {
  return `pg_notify('${NOTIFICATION_CHANNEL}', n) FROM unnest($${parameter}::text[]) AS n`;
}

function addTo(batches: Batches, table: DeferredTable, row: Record<string, unknown>): void {
  const batch = batches.get(table);
  if (batch === undefined) batches.set(table, [row]);
  else batch.push(row);
}

function inOrder(batches: Batches): { table: DeferredTable; batch: Record<string, unknown>[] }[] {
  return [...batches]
    .map(([table, batch]) => ({ table, batch }))
    .sort((a, b) => a.table.name.localeCompare(b.table.name));
}

function lengths(batches: Batches): Map<DeferredTable, number> {
  return new Map([...batches].map(([table, { length }]) => [table, length]));
}

function truncate(batches: Batches, to: ReadonlyMap<DeferredTable, number>): void {
  for (const [table, batch] of batches) {
    batch.length = to.get(table) ?? 0;
    if (batch.length === 0) batches.delete(table);
  }
}

const texts = new Map<string, string>();

/** The combinations are few, and each text is also a prepared statement: it is put together once. */
function remembered(name: string, make: () => string): string {
  let text = texts.get(name);
  if (text === undefined) {
    text = make();
    texts.set(name, text);
  }
  return text;
}
