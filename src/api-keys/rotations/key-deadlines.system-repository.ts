import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../../kernel/context/scope.js';
import { scopeTo } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { Database } from '../../kernel/persistence/database.js';
import { statement } from '../../kernel/persistence/statement.js';
import { SystemRepository } from '../../kernel/persistence/system.repository.js';
import type { KeyOwnerKind } from '../../keys-bridge/key-manager.js';

/** A key that somebody should look at. */
export interface DueKey {
  readonly scope: EnvScope;
  readonly id: Id<'api_key'>;
  readonly ownerKind: KeyOwnerKind;
  readonly ownerId: string;
  readonly at: Date;
}

type DueRow = Omit<DueKey, 'scope'> & { readonly appId: Id<'app'>; readonly envId: Id<'environment'> };

/** Each once: the mark is set by the statement that finds it. */
const EXPIRING = statement(
  'api_keys.expiring',
  `WITH due AS (SELECT id FROM api_keys WHERE state = 'active' AND expiry_warned_at IS NULL AND expires_at > $1 AND expires_at <= $2
                ORDER BY expires_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED)
   UPDATE api_keys k SET expiry_warned_at = $1 FROM due WHERE k.id = due.id
   RETURNING k.app_id AS "appId", k.env_id AS "envId", k.id, k.owner_kind AS "ownerKind", k.owner_id AS "ownerId", k.expires_at AS at`,
);
const ROTATION_DUE = statement(
  'api_key_secrets.rotation_due',
  `WITH due AS (
     SELECT s.id, k.owner_kind, k.owner_id, s.created_at + make_interval(secs => p.rotation_period_s) AS at
     FROM api_key_policies p
     JOIN api_keys k ON k.app_id = p.app_id AND k.env_id = p.env_id AND k.policy_id = p.id AND k.state = 'active'
     JOIN api_key_secrets s ON s.app_id = k.app_id AND s.env_id = k.env_id AND s.key_id = k.id AND s.kind = 'current'
     WHERE p.rotation_period_s IS NOT NULL AND s.rotation_warned_at IS NULL
       AND s.created_at <= $1::timestamptz - make_interval(secs => p.rotation_period_s)
     ORDER BY s.id LIMIT $2 FOR NO KEY UPDATE OF s SKIP LOCKED)
   UPDATE api_key_secrets s SET rotation_warned_at = $1 FROM due WHERE s.id = due.id
   RETURNING s.app_id AS "appId", s.env_id AS "envId", s.key_id AS id, due.owner_kind AS "ownerKind", due.owner_id AS "ownerId", due.at`,
);

/** Finds keys of every tenant whose time runs out, or whose secret has been in use for too long. */
@Injectable()
export class KeyDeadlinesSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  /** Those that expire until `until`, and of which nobody was told. */
  async anyTenantExpiring(now: Date, until: Date, most: number): Promise<DueKey[]> {
    return scoped((await this.query<DueRow>(EXPIRING, [now, until, most])).rows);
  }

  /** Those whose policy wants another secret by now, and of which nobody was told. */
  async anyTenantRotationDue(now: Date, most: number): Promise<DueKey[]> {
    return scoped((await this.query<DueRow>(ROTATION_DUE, [now, most])).rows);
  }
}

function scoped(rows: readonly DueRow[]): DueKey[] {
  return rows.map(({ appId, envId, ...due }) => ({ ...due, scope: scopeTo.env(appId, envId) }));
}
