import { Injectable } from '@nestjs/common';
import { AuditEntryEntity } from '../kernel/audit/audit-entry.entity.js';
import type { Id } from '../kernel/ids/id.js';
import { columnsOf } from '../kernel/persistence/columns.js';
import { Database } from '../kernel/persistence/database.js';
import { statement } from '../kernel/persistence/statement.js';
import { SystemRepository } from '../kernel/persistence/system.repository.js';
import { AuditPruningEntity } from './audit-pruning.entity.js';
import { AuditSealEntity } from './audit-seal.entity.js';

const ENTRY_COLUMNS = columnsOf(AuditEntryEntity);
const SEAL_COLUMNS = columnsOf(AuditSealEntity);
const PRUNING_COLUMNS = columnsOf(AuditPruningEntity);

/** One sealer at a time, however many replicas try. */
const LOCK = statement('audit_sealer.lock', "SELECT name FROM audit_sealer WHERE name = 'position' FOR UPDATE");
/** An entry of a transaction that is still open may come before one that is there: nothing after it is sealed yet. */
const UNSEALED = statement(
  'audit_entries.unsealed',
  `SELECT ${ENTRY_COLUMNS}, e.tx_id::text AS "txId" FROM audit_entries e,
     (SELECT tx_id AS at_tx, entry_id AS at_id FROM audit_sealer WHERE name = 'position') AS position
   WHERE (e.tx_id, e.id) > (at_tx, at_id) AND e.tx_id < pg_snapshot_xmin(pg_current_snapshot())
   ORDER BY e.tx_id, e.id LIMIT $1`,
);
const MOVE = statement(
  'audit_sealer.move',
  "UPDATE audit_sealer SET tx_id = $1::text::xid8, entry_id = $2 WHERE name = 'position'",
);
const LAST = statement(
  'audit_seals.last',
  `SELECT DISTINCT ON (app_id) ${SEAL_COLUMNS} FROM audit_seals WHERE app_id = ANY ($1) ORDER BY app_id, number DESC`,
);
const INSERT = statement(
  'audit_seals.insert',
  `INSERT INTO audit_seals (app_id, number, entry_ids, entry_times, entry_macs, previous_mac, mac, key_id, sealed_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
);
const APPS = statement('audit_seals.apps', 'SELECT DISTINCT app_id AS "appId" FROM audit_seals ORDER BY 1');
const SEALS = statement(
  'audit_seals.after',
  `SELECT ${SEAL_COLUMNS} FROM audit_seals WHERE app_id = $1 AND number > $2 ORDER BY number LIMIT $3`,
);
const ENTRIES = statement(
  'audit_entries.by_ids',
  `SELECT ${ENTRY_COLUMNS} FROM audit_entries WHERE app_id = $1 AND id = ANY ($2)`,
);
/** What lies before the sealer's place was sealed, or was put there since. */
const UNKNOWN = statement(
  'audit_entries.unknown',
  `SELECT e.id FROM audit_entries e, audit_sealer position
   WHERE position.name = 'position' AND e.app_id = $1 AND (e.tx_id, e.id) <= (position.tx_id, position.entry_id)
     AND NOT EXISTS (SELECT FROM audit_seals s WHERE s.app_id = $1 AND e.id = ANY (s.entry_ids))
   ORDER BY e.id LIMIT 1`,
);
const KEEP_PARTITIONS = statement('audit_entries.keep_partitions', 'SELECT authsome_keep_audit_partitions($1, $2)');
const PUT_PRUNING = statement(
  'audit_prunings.insert',
  `INSERT INTO audit_prunings (pruned_before, pruned_at, key_id, mac) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
);
const LAST_PRUNING = statement(
  'audit_prunings.last',
  `SELECT ${PRUNING_COLUMNS} FROM audit_prunings ORDER BY pruned_before DESC LIMIT 1`,
);

export type UnsealedEntry = AuditEntryEntity & { readonly txId: string };

/** The chain spans all apps' entries in the order of their transactions. */
@Injectable()
export class AuditSealsSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  /** Keeps other sealers out until the transaction ends. */
  async anyTenantLock(): Promise<void> {
    await this.query(LOCK);
  }

  async anyTenantUnsealed(most: number): Promise<UnsealedEntry[]> {
    return (await this.query<UnsealedEntry>(UNSEALED, [most])).rows;
  }

  async anyTenantMove({ txId, id }: UnsealedEntry): Promise<void> {
    await this.query(MOVE, [txId, id]);
  }

  /** The newest seal of each app that has one. */
  async anyTenantLast(appIds: readonly Id<'app'>[]): Promise<AuditSealEntity[]> {
    return (await this.query<AuditSealEntity>(LAST, [appIds])).rows;
  }

  async anyTenantInsert(seal: AuditSealEntity): Promise<void> {
    const { appId, number, entryIds, entryTimes, entryMacs, previousMac, mac, keyId, sealedAt } = seal;
    await this.query(INSERT, [appId, number, entryIds, entryTimes, entryMacs, previousMac, mac, keyId, sealedAt]);
  }

  /** Every app that has a seal. */
  async anyTenantApps(): Promise<Id<'app'>[]> {
    return (await this.query<{ appId: Id<'app'> }>(APPS)).rows.map(({ appId }) => appId);
  }

  async anyTenantSeals(appId: Id<'app'>, after: number, most: number): Promise<AuditSealEntity[]> {
    return (await this.query<AuditSealEntity>(SEALS, [appId, after, most])).rows;
  }

  async anyTenantEntries(appId: Id<'app'>, ids: readonly string[]): Promise<AuditEntryEntity[]> {
    return (await this.query<AuditEntryEntity>(ENTRIES, [appId, ids])).rows;
  }

  /** An entry that should have been sealed and is in no seal. */
  async anyTenantUnknown(appId: Id<'app'>): Promise<string | undefined> {
    return (await this.query<{ id: string }>(UNKNOWN, [appId])).rows[0]?.id;
  }

  /** Makes the partitions of this month and the next two, and drops those whose every entry is older than `oldest`. */
  async anyTenantKeepPartitions(now: Date, oldest: Date): Promise<void> {
    await this.query(KEEP_PARTITIONS, [now, oldest]);
  }

  async anyTenantPutPruning({ prunedBefore, prunedAt, keyId, mac }: AuditPruningEntity): Promise<void> {
    await this.query(PUT_PRUNING, [prunedBefore, prunedAt, keyId, mac]);
  }

  async anyTenantLastPruning(): Promise<AuditPruningEntity | undefined> {
    return (await this.query<AuditPruningEntity>(LAST_PRUNING)).rows[0];
  }
}
