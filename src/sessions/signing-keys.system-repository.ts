import { Injectable } from '@nestjs/common';
import type { Id } from '../kernel/ids/id.js';
import { columnsOf } from '../kernel/persistence/columns.js';
import { Database } from '../kernel/persistence/database.js';
import { statement } from '../kernel/persistence/statement.js';
import { SystemRepository } from '../kernel/persistence/system.repository.js';
import { SigningKeyEntity } from './signing-key.entity.js';

/** One replica at a time decides whether a new key is due. */
const LOCK = statement('signing_keys.lock', 'SELECT pg_advisory_xact_lock(4827114)');
const LIST = statement(
  'signing_keys.list',
  `SELECT ${columnsOf(SigningKeyEntity)} FROM signing_keys WHERE retires_at > $1 ORDER BY activates_at`,
);
const INSERT = statement(
  'signing_keys.insert',
  `INSERT INTO signing_keys (id, algorithm, public_jwk, private_sealed, activates_at, retires_at, created_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7)`,
);
const REVOKE = statement(
  'signing_keys.revoke',
  'UPDATE signing_keys SET revoked_at = $2, retires_at = least(retires_at, $2) WHERE id = $1 AND revoked_at IS NULL',
);
const PURGE = statement('signing_keys.purge', 'DELETE FROM signing_keys WHERE retires_at <= $1');

/** Signing keys belong to the service, not to a tenant. */
@Injectable()
export class SigningKeysSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  async anyTenantLock(): Promise<void> {
    await this.query(LOCK);
  }

  /** Keys that retire after `since`, in order of activation; revoked ones included. */
  async anyTenantList(since: Date): Promise<SigningKeyEntity[]> {
    return (await this.query<SigningKeyEntity>(LIST, [since])).rows;
  }

  async anyTenantInsert(key: Omit<SigningKeyEntity, 'revokedAt'>): Promise<void> {
    const { id, algorithm, publicJwk, privateSealed, activatesAt, retiresAt, createdAt } = key;
    await this.query(INSERT, [id, algorithm, publicJwk, privateSealed, activatesAt, retiresAt, createdAt]);
  }

  async anyTenantRevoke(id: Id<'signing_key'>, now: Date): Promise<boolean> {
    return (await this.query(REVOKE, [id, now])).count === 1;
  }

  async anyTenantPurge(before: Date): Promise<number> {
    return (await this.query(PURGE, [before])).count;
  }
}
