import { Injectable } from '@nestjs/common';
import { columnsOf } from '../../kernel/persistence/columns.js';
import { Database } from '../../kernel/persistence/database.js';
import { statement } from '../../kernel/persistence/statement.js';
import { SystemRepository } from '../../kernel/persistence/system.repository.js';
import { IdempotencyRecordEntity } from './idempotency-record.entity.js';

/** Takes a new key, or one whose claim lapsed (its worker died: nothing of it was committed), or one that expired. */
const CLAIM = statement(
  'idempotency.claim',
  `INSERT INTO idempotency_records AS r (id, fingerprint, claimed_until, expires_at) VALUES ($1, $2, $4, $5)
   ON CONFLICT (id) DO UPDATE SET fingerprint = $2, claimed_until = $4, expires_at = $5, status = NULL, answer = NULL
   WHERE r.expires_at <= $3 OR (r.status IS NULL AND r.claimed_until <= $3 AND r.fingerprint = $2)`,
);
const READ = statement(
  'idempotency.read',
  `SELECT ${columnsOf(IdempotencyRecordEntity)} FROM idempotency_records WHERE id = $1`,
);
const FINISH = statement(
  'idempotency.finish',
  `UPDATE idempotency_records SET status = $3, answer = $4, claimed_until = NULL
   WHERE id = $1 AND claimed_until = $2 AND status IS NULL`,
);
const RELEASE = statement(
  'idempotency.release',
  'DELETE FROM idempotency_records WHERE id = $1 AND claimed_until = $2 AND status IS NULL',
);
const PURGE = statement('idempotency.purge', 'DELETE FROM idempotency_records WHERE expires_at <= $1');

@Injectable()
export class IdempotencySystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  /** @returns whether the caller now owns the key. */
  async anyTenantClaim(id: Buffer, fingerprint: Buffer, now: Date, until: Date, expiresAt: Date): Promise<boolean> {
    return (await this.query(CLAIM, [id, fingerprint, now, until, expiresAt])).count === 1;
  }

  async anyTenantRead(id: Buffer): Promise<IdempotencyRecordEntity | undefined> {
    return (await this.query<IdempotencyRecordEntity>(READ, [id])).rows[0];
  }

  /** @returns false when the claim has lapsed and somebody else took over: the caller's work must not commit. */
  async anyTenantFinish(id: Buffer, claimedUntil: Date, status: number, answer: Buffer): Promise<boolean> {
    return (await this.query(FINISH, [id, claimedUntil, status, answer])).count === 1;
  }

  async anyTenantRelease(id: Buffer, claimedUntil: Date): Promise<void> {
    await this.query(RELEASE, [id, claimedUntil]);
  }

  async anyTenantPurge(now: Date): Promise<number> {
    return (await this.query(PURGE, [now])).count;
  }
}
