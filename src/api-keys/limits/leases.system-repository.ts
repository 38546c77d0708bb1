import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { Database } from '../../kernel/persistence/database.js';
import { statement } from '../../kernel/persistence/statement.js';
import { SystemRepository } from '../../kernel/persistence/system.repository.js';

/** A window of a key's, with the bounds of it and of the one before. */
export interface LeasedWindow {
  readonly scope: EnvScope;
  readonly keyId: Id<'api_key'>;
  readonly name: string;
  readonly limit: number;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly previousStartsAt: Date;
  /** The share of the previous window's calls that counts. */
  readonly weight: number;
}

export interface Lease {
  /** Calls the replica may let pass. */
  readonly granted: number;
  /** What is left for everybody after it. */
  readonly left: number;
}

const OPEN = statement(
  'api_key_windows.open',
  `INSERT INTO api_key_windows (app_id, env_id, key_id, name, starts_at, used, ends_at) VALUES ($1, $2, $3, $4, $5, 0, $6)
   ON CONFLICT DO NOTHING`,
);
/**
 * Hands out an eighth of what is left, and one by one in the end: never more than the limit over all replicas, whatever they do at the same
 * moment. The previous window only gets lighter while this one runs, so what was handed out stays right.
 */
const LEASE = statement(
  'api_key_windows.lease',
  `UPDATE api_key_windows w SET used = w.used + o.granted + $10::bigint
   FROM (SELECT c.free, CASE WHEN c.free <= 0 THEN 0 ELSE least($9, greatest(1, c.free / 8)) END AS granted
         FROM (SELECT (floor($7::double precision - coalesce(p.used, 0) * $8::double precision) - w.used - $10::bigint)::bigint AS free
               FROM (SELECT used FROM api_key_windows
                     WHERE app_id = $1 AND env_id = $2 AND key_id = $3 AND name = $4 AND starts_at = $5 FOR UPDATE) w
               LEFT JOIN api_key_windows p
                 ON p.app_id = $1 AND p.env_id = $2 AND p.key_id = $3 AND p.name = $4 AND p.starts_at = $6) c) o
   WHERE w.app_id = $1 AND w.env_id = $2 AND w.key_id = $3 AND w.name = $4 AND w.starts_at = $5
   RETURNING o.granted::integer AS granted, greatest(0, o.free - o.granted)::integer AS left`,
);
const GIVE_BACK = statement(
  'api_key_windows.give_back',
  `UPDATE api_key_windows SET used = greatest(0, used - $6)
   WHERE app_id = $1 AND env_id = $2 AND key_id = $3 AND name = $4 AND starts_at = $5`,
);
const PURGE = statement('api_key_windows.purge', 'DELETE FROM api_key_windows WHERE ends_at <= $1');

/** Hands calls of a window out to replicas. */
@Injectable()
export class LeasesSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  /** @param most calls at once. @param owed calls that were let pass without asking: they count before anything is handed out. */
  async anyTenantLease(window: LeasedWindow, most: number, owed: number): Promise<Lease> {
    const { scope, keyId, name, limit, startsAt, endsAt, previousStartsAt, weight } = window;
    const key = [scope.appId, scope.envId, keyId, name, startsAt];
    const values = [...key, previousStartsAt, limit, weight, most, owed];
    const known = (await this.query<Lease>(LEASE, values)).rows[0];
    if (known !== undefined) return known;
    await this.query(OPEN, [...key, endsAt]);
    return (await this.query<Lease>(LEASE, values)).rows[0] ?? { granted: 0, left: 0 };
  }

  async anyTenantGiveBack({ scope, keyId, name, startsAt }: LeasedWindow, count: number): Promise<void> {
    await this.query(GIVE_BACK, [scope.appId, scope.envId, keyId, name, startsAt, count]);
  }

  async anyTenantPurge(endedBefore: Date): Promise<void> {
    await this.query(PURGE, [endedBefore]);
  }
}
