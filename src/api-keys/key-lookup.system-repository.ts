import { Injectable } from '@nestjs/common';
import type { Id } from '../kernel/ids/id.js';
import { columnsOf } from '../kernel/persistence/columns.js';
import { Database } from '../kernel/persistence/database.js';
import { statement } from '../kernel/persistence/statement.js';
import { SystemRepository } from '../kernel/persistence/system.repository.js';
import type { KeyLimits, KeyRestrictions } from '../keys-bridge/key-manager.js';
import { ApiKeyEntity } from './api-key.entity.js';

/** A key as one of its secrets opens it. */
export interface FoundKey extends ApiKeyEntity {
  readonly secret: 'current' | 'grace';
  readonly notAfter: Date | null;
  /** When the current secret was drawn; null where it is the one that was presented. */
  readonly rotatedAt: Date | null;
  /** Whether its owner is there and neither banned nor switched off. */
  readonly ownerStands: boolean;
  /** What a service account was given, beyond which none of its keys goes; empty: anything. Null for other owners. */
  readonly ownerScopes: string[] | null;
  /** What its policy says; null without one. */
  readonly policyLimits: KeyLimits | null;
  readonly policyAllow: KeyRestrictions | null;
  readonly policyScopes: string[] | null;
  readonly policyLifetimeS: number | null;
}

/** One query finds a key, the secret that was presented, and whether its owner still stands. */
const BY_HASH = statement(
  'api_keys.by_hash',
  `SELECT ${columnsOf(ApiKeyEntity, 'k')}, s.kind AS secret, s.not_after AS "notAfter", c.created_at AS "rotatedAt", CASE k.owner_kind
     WHEN 'user' THEN EXISTS (SELECT FROM users u WHERE u.app_id = k.app_id AND u.env_id = k.env_id AND u.id = k.owner_id
       AND u.deleted_at IS NULL AND NOT (u.banned AND (u.ban_expires IS NULL OR u.ban_expires > $2)))
     WHEN 'service_account' THEN EXISTS (SELECT FROM service_accounts a WHERE a.app_id = k.app_id AND a.id = k.owner_id
       AND a.disabled_at IS NULL AND (a.env_id IS NULL OR a.env_id = k.env_id))
     ELSE EXISTS (SELECT FROM organizations o WHERE o.app_id = k.app_id AND o.env_id = k.env_id AND o.id = k.owner_id AND o.active)
   END AS "ownerStands",
   (SELECT a.scopes FROM service_accounts a WHERE k.owner_kind = 'service_account' AND a.app_id = k.app_id AND a.id = k.owner_id) AS "ownerScopes",
   p.limits AS "policyLimits", p.allow AS "policyAllow", p.allowed_scopes AS "policyScopes", p.max_lifetime_s AS "policyLifetimeS"
   FROM api_key_secrets s JOIN api_keys k ON k.app_id = s.app_id AND k.env_id = s.env_id AND k.id = s.key_id
   LEFT JOIN api_key_secrets c ON s.kind = 'grace' AND c.app_id = s.app_id AND c.env_id = s.env_id AND c.key_id = s.key_id AND c.kind = 'current'
   LEFT JOIN api_key_policies p ON p.app_id = k.app_id AND p.env_id = k.env_id AND p.id = k.policy_id
   WHERE s.secret_hash = $1`,
);
/** A refill sets the balance, and never adds to it; a call that costs more than there is takes nothing. */
const SPEND = statement(
  'api_keys.spend',
  `WITH due AS (
     SELECT id, refill IS NOT NULL AND refilled_at < CASE refill->>'interval' WHEN 'daily' THEN $3::timestamptz ELSE $4::timestamptz END AS refilled
     FROM api_keys WHERE id = $1 FOR UPDATE),
   balance AS (
     SELECT k.id, d.refilled, CASE WHEN d.refilled THEN (k.refill->>'amount')::bigint ELSE k.credits END AS credits
     FROM api_keys k JOIN due d ON d.id = k.id)
   UPDATE api_keys k SET credits = CASE WHEN b.credits >= $2 THEN b.credits - $2 ELSE b.credits END,
     refilled_at = CASE WHEN b.refilled THEN $5 ELSE k.refilled_at END
   FROM balance b WHERE k.id = b.id RETURNING k.credits AS remaining, b.credits >= $2 AS paid`,
);

/** Finds keys before their tenant is known. */
@Injectable()
export class KeyLookupSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  async anyTenantByHash(hash: Buffer, now: Date): Promise<FoundKey | undefined> {
    return (await this.query<FoundKey>(BY_HASH, [hash, now])).rows[0];
  }

  /** @returns whether the cost was paid, and the balance; of a key that is gone meanwhile nothing was. */
  async anyTenantSpend(
    id: Id<'api_key'>,
    cost: number,
    now: Date,
  ): Promise<{ readonly paid: boolean; readonly remaining: number }> {
    const day = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()));
    const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
    const { rows } = await this.query<{ remaining: string; paid: boolean }>(SPEND, [id, cost, day, month, now]);
    return { paid: rows[0]?.paid === true, remaining: Number(rows[0]?.remaining ?? 0) };
  }
}
