import { Client } from 'pg';
import type { DataSource } from 'typeorm';

export interface SchemaStatus {
  /** Migrations this build knows, oldest first. */
  readonly known: readonly string[];
  readonly applied: readonly string[];
  readonly pending: readonly string[];
  /** Applied by a newer build. An older build keeps working on them: migrations only expand what older builds use. */
  readonly newer: readonly string[];
}

/** Any number will do, as long as it is ours: two releases migrating one database must take the same lock. */
const MIGRATION_LOCK = 4_827_113;
const LOCK_POLL_MS = 100;
const DDL_LOCK_TIMEOUT = '1s';
const MOST_ATTEMPTS = 30;

/** Applies and inspects migrations on an initialised data source whose role may change the schema. */
export class Schema {
  constructor(private readonly dataSource: DataSource) {}

  async status(): Promise<SchemaStatus> {
    const known = this.dataSource.migrations.map((migration) => migration.name ?? migration.constructor.name);
    const applied = await this.applied();
    return {
      known,
      applied,
      pending: known.filter((name) => !applied.includes(name)),
      newer: applied.filter((name) => !known.includes(name)),
    };
  }

  /**
   * Applies what is pending, one transaction each, under an advisory lock: of several starters one works and the rest wait (F14). A
   * migration waits at most a second for a table lock and then tries again, so that it never queues requests behind itself.
   * @returns the names of what was applied.
   */
  async migrate(): Promise<string[]> {
    const lock = new Client({ connectionString: (this.dataSource.options as { url: string }).url });
    await lock.connect();
    try {
      await this.takeLock(lock);
      await this.dataSource.query(`SET lock_timeout = '${DDL_LOCK_TIMEOUT}'`);
      const before = await this.applied();
      await this.withRetries(() => this.dataSource.runMigrations({ transaction: 'each' }));
      return (await this.applied()).filter((name) => !before.includes(name));
    } finally {
      await lock.end();
    }
  }

  /**
   * Lets a role without DDL rights run the service: everything but changing the schema, and no rewriting of the audit trail (R304, R342).
   */
  async grantTo(role: string): Promise<void> {
    const name = `"${role.replaceAll('"', '""')}"`;
    await this.dataSource.query(`GRANT USAGE ON SCHEMA public TO ${name}`);
    await this.dataSource.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${name}`);
    await this.dataSource.query(`GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${name}`);
    await this.dataSource.query(`REVOKE INSERT, UPDATE, DELETE ON migrations FROM ${name}`);
    await this.dataSource.query(`REVOKE UPDATE, DELETE ON audit_entries, audit_seals, audit_prunings FROM ${name}`);
    // Partitions are reached through their table only: it is the table that has the row policies.
    const partitions = await this.dataSource.query<{ name: string }[]>(
      `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'audit_entries'::regclass`,
    );
    for (const partition of partitions) await this.dataSource.query(`REVOKE ALL ON ${partition.name} FROM ${name}`);
  }

  private async applied(): Promise<string[]> {
    const [exists] = await this.dataSource.query<{ found: boolean }[]>(
      "SELECT to_regclass('public.migrations') IS NOT NULL AS found",
    );
    if (exists?.found !== true) return [];
    const rows = await this.dataSource.query<{ name: string }[]>('SELECT name FROM migrations ORDER BY id');
    return rows.map(({ name }) => name);
  }

  private async takeLock(lock: Client): Promise<void> {
    for (;;) {
      const result = await lock.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [MIGRATION_LOCK]);
      if (result.rows[0]?.taken === true) return;
      await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
    }
  }

  private async withRetries(work: () => Promise<unknown>): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await work();
        return;
      } catch (error) {
        const lockTimeout = (error as { driverError?: { code?: string } }).driverError?.code === '55P03';
        if (!lockTimeout || attempt === MOST_ATTEMPTS) throw error;
      }
    }
  }
}
