import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { columnsOf } from '../kernel/persistence/columns.js';
import { Database } from '../kernel/persistence/database.js';
import { EnvScopedRepository } from '../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../kernel/persistence/statement.js';
import type { KeyFilter, KeyState } from '../keys-bridge/key-manager.js';
import { ApiKeyEntity } from './api-key.entity.js';

/** A key with what of its secrets may be shown. */
export interface ShownKey extends ApiKeyEntity {
  readonly start: string;
  readonly lastFour: string;
  readonly graceEndsAt: Date | null;
}

export interface NewSecret {
  readonly id: Id<'api_key_secret'>;
  readonly secretHash: Buffer;
  readonly start: string;
  readonly lastFour: string;
}

export type NewApiKey = Pick<
  ApiKeyEntity,
  | 'id'
  | 'ownerKind'
  | 'ownerId'
  | 'name'
  | 'scopes'
  | 'metadata'
  | 'expiresAt'
  | 'limits'
  | 'refill'
  | 'allow'
  | 'policyId'
> & { readonly credits: number | null };

const COLUMNS = columnsOf(ApiKeyEntity, 'k');

const INSERT = envStatement(
  'api_keys.insert',
  `INSERT INTO api_keys (app_id, env_id, id, owner_kind, owner_id, name, state, scopes, metadata, expires_at, limits, credits, refill,
     refilled_at, allow, policy_id, version, created_at, updated_at)
   VALUES ($1, $2, $3, $4, $5, $6, 'active', $7, $8, $9, $10, $11, $12, $14, $13, $15, 1, $14, $14)`,
);
const INSERT_SECRET = envStatement(
  'api_key_secrets.insert',
  `INSERT INTO api_key_secrets (app_id, env_id, id, key_id, secret_hash, kind, start, last_four, created_at)
   VALUES ($1, $2, $3, $4, $5, 'current', $6, $7, $8)`,
);
const SHOWN = `SELECT ${COLUMNS}, s.start, s.last_four AS "lastFour", g.not_after AS "graceEndsAt" FROM api_keys k
   JOIN api_key_secrets s ON s.app_id = k.app_id AND s.env_id = k.env_id AND s.key_id = k.id AND s.kind = 'current'
   LEFT JOIN api_key_secrets g ON g.app_id = k.app_id AND g.env_id = k.env_id AND g.key_id = k.id AND g.kind = 'grace'
   WHERE k.app_id = $1 AND k.env_id = $2`;
const FIND = envStatement('api_keys.find', `${SHOWN} AND k.id = $3`);
const LOCK = envStatement('api_keys.lock', `${SHOWN} AND k.id = $3 FOR NO KEY UPDATE OF k`);
const PAGE = envStatement(
  'api_keys.page',
  `${SHOWN} AND ($3::text IS NULL OR k.owner_id = $3) AND ($4::text IS NULL OR k.state = $4) AND ($5 = '' OR k.id < $5)
   ORDER BY k.id DESC LIMIT $6`,
  { replanned: true },
);
const COUNT = envStatement(
  'api_keys.count',
  `SELECT count(*)::integer AS total FROM (
     SELECT FROM api_keys WHERE app_id = $1 AND env_id = $2 AND ($3::text IS NULL OR owner_id = $3) AND ($4::text IS NULL OR state = $4)
     LIMIT 10000) k`,
);
/** One at a time per owner, so that the limit holds. */
const LOCK_OWNER = envStatement(
  'api_keys.lock_owner',
  "SELECT pg_advisory_xact_lock(hashtextextended(concat($1::text, $2::text, $3::text, '/api-keys'), 0))",
);
/** Guarded: a revoked key stays revoked, whoever acts at the same moment. */
const SET_STATE = envStatement(
  'api_keys.set_state',
  `UPDATE api_keys SET state = $4, revoked_at = CASE WHEN $4 = 'revoked' THEN $6::timestamptz END,
     revoke_reason = CASE WHEN $4 = 'revoked' THEN $5 END, version = version + 1, updated_at = $6
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND state <> 'revoked' AND state <> $4`,
);
const UPDATE = envStatement(
  'api_keys.update',
  `UPDATE api_keys SET name = $4, scopes = $5, metadata = $6, expires_at = $7, limits = $8, credits = $9, refill = $10, allow = $11,
     expiry_warned_at = CASE WHEN expires_at IS NOT DISTINCT FROM $7 THEN expiry_warned_at END, policy_id = $14,
     version = version + 1, updated_at = $12
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND ($13::integer IS NULL OR version = $13)`,
);
/** Of two who rotate at once one is too late, and is told so: neither learns of a secret that is gone already. */
const TAKE_TURN = envStatement(
  'api_keys.take_turn',
  `UPDATE api_keys SET version = version + 1, updated_at = $5
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND version = $4 AND state <> 'revoked'`,
);
const DROP_GRACE = envStatement(
  'api_key_secrets.drop_grace',
  `DELETE FROM api_key_secrets WHERE app_id = $1 AND env_id = $2 AND key_id = $3 AND kind = 'grace'`,
);
const RETIRE = envStatement(
  'api_key_secrets.retire',
  `UPDATE api_key_secrets SET kind = 'grace', not_after = $4, rotation_reason = $5
   WHERE app_id = $1 AND env_id = $2 AND key_id = $3 AND kind = 'current'`,
);

@Injectable()
export class ApiKeysRepository extends EnvScopedRepository<ApiKeyEntity> {
  constructor(database: Database) {
    super(database, ApiKeyEntity);
  }

  async insert(scope: EnvScope, k: NewApiKey, secret: NewSecret, now: Date): Promise<void> {
    const documents = [k.metadata, k.expiresAt, k.limits, k.credits, k.refill, k.allow, now];
    await this.queryIn(scope, INSERT, [k.id, k.ownerKind, k.ownerId, k.name, k.scopes, ...documents, k.policyId]);
    await this.addSecret(scope, k.id, secret, now);
  }

  async find(scope: EnvScope, id: string): Promise<ShownKey | undefined> {
    return (await this.queryIn<ShownKey>(scope, FIND, [id])).rows[0];
  }

  /** The row is this transaction's until it ends. */
  async lock(scope: EnvScope, id: string): Promise<ShownKey | undefined> {
    return (await this.queryIn<ShownKey>(scope, LOCK, [id])).rows[0];
  }

  /** Newest first, older than `before` (empty: from the newest). */
  async page(scope: EnvScope, { owner, state }: KeyFilter, before: string, limit: number): Promise<ShownKey[]> {
    return (await this.queryIn<ShownKey>(scope, PAGE, [owner?.id ?? null, state ?? null, before, limit])).rows;
  }

  /** Up to 10,000. */
  async count(scope: EnvScope, { owner, state }: KeyFilter): Promise<number> {
    return (
      (await this.queryIn<{ total: number }>(scope, COUNT, [owner?.id ?? null, state ?? null])).rows[0]?.total ?? 0
    );
  }

  /** Holds off everyone else who makes a key for the owner, until the transaction ends. */
  async lockOwner(scope: EnvScope, ownerId: string): Promise<void> {
    await this.queryIn(scope, LOCK_OWNER, [ownerId]);
  }

  /** @returns whether it changed: not a revoked key, and not to the state it has. */
  async setState(scope: EnvScope, id: string, state: KeyState, reason: string | null, now: Date): Promise<boolean> {
    return (await this.queryIn(scope, SET_STATE, [id, state, reason, now])).count === 1;
  }

  /** @returns whether there was one of that version. */
  async update(scope: EnvScope, k: NewApiKey, version: number | undefined, now: Date): Promise<boolean> {
    const values = [
      k.id,
      k.name,
      k.scopes,
      k.metadata,
      k.expiresAt,
      k.limits,
      k.credits,
      k.refill,
      k.allow,
      now,
      version ?? null,
      k.policyId,
    ];
    return (await this.queryIn(scope, UPDATE, values)).count === 1;
  }

  /** Lets the current secret live until `graceEndsAt` (null: it is void at once) and puts another one in its place. @returns false when the key has changed since. */
  async rotate(
    scope: EnvScope,
    { id, version }: Pick<ApiKeyEntity, 'id' | 'version'>,
    secret: NewSecret,
    graceEndsAt: Date | null,
    reason: string,
    now: Date,
  ): Promise<boolean> {
    if ((await this.queryIn(scope, TAKE_TURN, [id, version, now])).count !== 1) return false;
    await this.queryIn(scope, DROP_GRACE, [id]);
    await this.queryIn(scope, RETIRE, [id, graceEndsAt ?? now, reason]);
    if (graceEndsAt === null) await this.queryIn(scope, DROP_GRACE, [id]);
    await this.addSecret(scope, id, secret, now);
    return true;
  }

  private async addSecret(scope: EnvScope, keyId: Id<'api_key'>, secret: NewSecret, now: Date): Promise<void> {
    const { id, secretHash, start, lastFour } = secret;
    await this.queryIn(scope, INSERT_SECRET, [id, keyId, secretHash, start, lastFour, now]);
  }
}
