import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { columnsOf } from '../kernel/persistence/columns.js';
import { Database } from '../kernel/persistence/database.js';
import { EnvScopedRepository, type Unscoped } from '../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../kernel/persistence/statement.js';
import { DeviceEntity } from './device.entity.js';

const COLUMNS = columnsOf(DeviceEntity);

/** The secret alone recognises a device, and only for its own user. */
const SEE = envStatement(
  'devices.see',
  `UPDATE devices SET last_seen_at = $5, ip_address = coalesce($6, ip_address), updated_at = $5
   WHERE app_id = $1 AND env_id = $2 AND user_id = $3 AND secret_hash = $4 RETURNING ${COLUMNS}`,
);
const IS_KNOWN = envStatement(
  'devices.is_known',
  'SELECT id FROM devices WHERE app_id = $1 AND env_id = $2 AND user_id = $3 AND secret_hash = $4',
);
/** A client that lost its secret gets the row of its fingerprint with a new one — unless that row is trusted: trust needs the secret. */
const REGISTER = envStatement(
  'devices.register',
  `INSERT INTO devices (app_id, env_id, id, user_id, fingerprint, secret_hash, name, type, browser, os, ip_address, trusted, version,
     last_seen_at, created_at, updated_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, false, 1, $12, $12, $12)
   ON CONFLICT (app_id, env_id, user_id, fingerprint) WHERE NOT trusted
   DO UPDATE SET secret_hash = $6, ip_address = $11, last_seen_at = $12, updated_at = $12
   RETURNING ${COLUMNS}`,
);
const PAGE = envStatement(
  'devices.page',
  `SELECT ${COLUMNS} FROM devices WHERE app_id = $1 AND env_id = $2 AND user_id = $3 AND ($4 = '' OR id < $4)
   ORDER BY id DESC LIMIT $5`,
);
const RENAME = envStatement(
  'devices.rename',
  `UPDATE devices SET name = $5, version = version + 1, updated_at = $6
   WHERE app_id = $1 AND env_id = $2 AND user_id = $3 AND id = $4 AND ($7::integer IS NULL OR version = $7)
   RETURNING ${COLUMNS}`,
);
const TRUST = envStatement(
  'devices.trust',
  `UPDATE devices SET trusted = true, trusted_until = $5, secret_hash = coalesce($6, secret_hash), version = version + 1,
     updated_at = $7
   WHERE app_id = $1 AND env_id = $2 AND user_id = $3 AND id = $4 RETURNING ${COLUMNS}`,
);
/** Rows that lose their trust may meet an untrusted one of the same fingerprint: the fingerprint makes room. */
const DISTRUST_ALL = envStatement(
  'devices.distrust_all',
  `UPDATE devices SET trusted = false, trusted_until = NULL, fingerprint = fingerprint || '#' || id, version = version + 1,
     updated_at = $4
   WHERE app_id = $1 AND env_id = $2 AND user_id = $3 AND trusted`,
);

@Injectable()
export class DevicesRepository extends EnvScopedRepository<DeviceEntity> {
  constructor(database: Database) {
    super(database, DeviceEntity);
  }

  /** @returns the device with that secret, marked as seen. */
  async see(
    scope: EnvScope,
    userId: Id<'user'>,
    secretHash: Buffer,
    now: Date,
    ipAddress: string | undefined,
  ): Promise<DeviceEntity | undefined> {
    return (await this.queryIn<DeviceEntity>(scope, SEE, [userId, secretHash, now, ipAddress ?? null])).rows[0];
  }

  async isKnown(scope: EnvScope, userId: Id<'user'>, secretHash: Buffer): Promise<boolean> {
    return (await this.queryIn(scope, IS_KNOWN, [userId, secretHash])).count === 1;
  }

  async register(
    scope: EnvScope,
    device: Omit<Unscoped<DeviceEntity>, 'trusted' | 'trustedUntil' | 'version' | 'lastSeenAt' | 'updatedAt'>,
  ): Promise<DeviceEntity> {
    const { id, userId, fingerprint, secretHash, name, type, browser, os, ipAddress, createdAt } = device;
    const values = [id, userId, fingerprint, secretHash, name, type, browser, os, ipAddress, createdAt];
    return (await this.queryIn<DeviceEntity>(scope, REGISTER, values)).rows[0] as DeviceEntity;
  }

  find(scope: EnvScope, userId: Id<'user'>, id: Id<'device'>): Promise<DeviceEntity | null> {
    return this.findOneIn(scope, { userId, id });
  }

  /** Newest first, older than `before` (empty: from the newest). */
  async page(scope: EnvScope, userId: Id<'user'>, before: string, limit: number): Promise<DeviceEntity[]> {
    return (await this.queryIn<DeviceEntity>(scope, PAGE, [userId, before, limit])).rows;
  }

  async rename(
    scope: EnvScope,
    userId: Id<'user'>,
    id: Id<'device'>,
    name: string,
    version: number | undefined,
    now: Date,
  ): Promise<DeviceEntity | undefined> {
    return (await this.queryIn<DeviceEntity>(scope, RENAME, [userId, id, name, now, version ?? null])).rows[0];
  }

  /** @param secretHash replaces the device's secret; absent: it keeps the one it has. */
  async trust(
    scope: EnvScope,
    userId: Id<'user'>,
    id: Id<'device'>,
    until: Date,
    secretHash: Buffer | undefined,
    now: Date,
  ): Promise<DeviceEntity | undefined> {
    return (await this.queryIn<DeviceEntity>(scope, TRUST, [userId, id, until, secretHash ?? null, now])).rows[0];
  }

  async distrustAll(scope: EnvScope, userId: Id<'user'>, now: Date): Promise<void> {
    await this.queryIn(scope, DISTRUST_ALL, [userId, now]);
  }

  delete(scope: EnvScope, userId: Id<'user'>, id: Id<'device'>): Promise<number> {
    return this.deleteIn(scope, { userId, id });
  }

  deleteAll(scope: EnvScope, userId: Id<'user'>): Promise<number> {
    return this.deleteIn(scope, { userId });
  }
}
