import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock/clock.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { columnsOf } from '../../kernel/persistence/columns.js';
import { Database } from '../../kernel/persistence/database.js';
import { EnvScopedRepository } from '../../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../../kernel/persistence/statement.js';
import type { KeyFilter } from '../key-manager.js';
import { UnkeyKeyEntity } from './unkey-key.entity.js';
import type { NewUnkeyKey, UnkeyKey } from './unkey-keys.js';

const COLUMNS = columnsOf(UnkeyKeyEntity);

const INSERT = envStatement(
  'unkey_keys.insert',
  `INSERT INTO unkey_keys (app_id, env_id, id, unkey_key_id, owner_kind, owner_id, state, start, last_four, version, created_at, updated_at)
   VALUES ($1, $2, $3, $4, $5, $6, 'active', $7, $8, 1, $9, $9)`,
);
/** Guarded by the version: of two who act at once one is told that they were too late. */
const CHANGE = envStatement(
  'unkey_keys.change',
  `UPDATE unkey_keys SET unkey_key_id = $5, previous_unkey_key_id = $6, grace_ends_at = $7, state = $8, start = $9, last_four = $10,
     revoked_at = $11, revoke_reason = $12, rotating_until = $13, version = version + 1, updated_at = $14
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND version = $4
   RETURNING ${COLUMNS}`,
);
const PAGE = envStatement(
  'unkey_keys.page',
  `SELECT ${COLUMNS} FROM unkey_keys WHERE app_id = $1 AND env_id = $2
     AND ($3::text IS NULL OR owner_id = $3) AND ($4::text IS NULL OR state = $4) AND ($5 = '' OR id < $5)
   ORDER BY id DESC LIMIT $6`,
  { replanned: true },
);

@Injectable()
export class UnkeyKeysRepository extends EnvScopedRepository<UnkeyKeyEntity> {
  constructor(
    database: Database,
    private readonly clock: Clock,
  ) {
    super(database, UnkeyKeyEntity);
  }

  async insert(scope: EnvScope, key: NewUnkeyKey): Promise<void> {
    const { id, unkeyKeyId, ownerKind, ownerId, start, lastFour } = key;
    await this.queryIn(scope, INSERT, [id, unkeyKeyId, ownerKind, ownerId, start, lastFour, this.clock.now()]);
  }

  async find(scope: EnvScope, id: UnkeyKey['id']): Promise<UnkeyKey | undefined> {
    return (await this.findOneIn(scope, { id })) ?? undefined;
  }

  /** @param key with its changes, and the version that was read. */
  async change(scope: EnvScope, key: UnkeyKey): Promise<UnkeyKey | undefined> {
    const secrets = [key.unkeyKeyId, key.previousUnkeyKeyId, key.graceEndsAt];
    const shown = [key.state, key.start, key.lastFour, key.revokedAt, key.revokeReason, key.rotatingUntil];
    const values = [key.id, key.version, ...secrets, ...shown, this.clock.now()];
    return (await this.queryIn<UnkeyKeyEntity>(scope, CHANGE, values)).rows[0];
  }

  async page(scope: EnvScope, { owner, state }: KeyFilter, before: string, limit: number): Promise<UnkeyKey[]> {
    const values = [owner?.id ?? null, state ?? null, before, limit];
    return (await this.queryIn<UnkeyKeyEntity>(scope, PAGE, values)).rows;
  }
}
