import { Injectable } from '@nestjs/common';
import { Database } from '../../kernel/persistence/database.js';
import { statement } from '../../kernel/persistence/statement.js';
import { SystemRepository } from '../../kernel/persistence/system.repository.js';

/** How often a key was used, since the last time this was written. */
export interface UsageCount {
  readonly appId: string;
  readonly envId: string;
  readonly keyId: string;
  readonly hour: Date;
  readonly outcome: string;
  readonly tag: string;
  readonly generation: string;
  readonly count: number;
  readonly lastUsedMs: number;
  /** How many of them took how long: by the buckets of latency.ts. */
  readonly latency: number[];
}

const MINUTE_S = 60;

/** Once per batch, however often it is brought. A key that is gone meanwhile is left out. */
const ADD = statement(
  'api_key_usage.add',
  `WITH fresh AS (INSERT INTO api_key_usage_batches (id, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id),
   counts AS (
     SELECT c.* FROM unnest($3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::text[], $9::text[], $10::bigint[], $11::text[])
       AS c (app_id, env_id, key_id, hour, outcome, tag, generation, count, latency)
     JOIN api_keys k ON k.app_id = c.app_id AND k.env_id = c.env_id AND k.id = c.key_id)
   INSERT INTO api_key_usage AS u (app_id, env_id, key_id, hour, outcome, tag, generation, count, latency)
   SELECT app_id, env_id, key_id, hour, outcome, tag, generation, count, latency::bigint[] FROM counts WHERE EXISTS (SELECT FROM fresh)
   ORDER BY 1, 2, 3, 4, 5, 6, 7
   ON CONFLICT (app_id, env_id, key_id, hour, outcome, tag, generation) DO UPDATE SET count = u.count + excluded.count,
     latency = ARRAY(SELECT coalesce(a, 0) + coalesce(b, 0) FROM unnest(u.latency, excluded.latency) WITH ORDINALITY AS t (a, b, n) ORDER BY n)`,
);
/** Its own column, at most once a minute and never backwards: it can undo nothing that happens at the same moment. */
const TOUCH = statement(
  'api_keys.touch',
  `WITH used AS (SELECT id, max(at) AS at FROM unnest($1::text[], $2::timestamptz[]) AS t (id, at) GROUP BY id),
   locked AS (
     SELECT k.id, used.at FROM api_keys k JOIN used ON used.id = k.id
     WHERE k.last_used_at IS NULL OR k.last_used_at < used.at - make_interval(secs => ${MINUTE_S})
     ORDER BY k.id FOR NO KEY UPDATE OF k)
   UPDATE api_keys k SET last_used_at = l.at FROM locked l WHERE k.id = l.id`,
);
const PURGE = statement('api_key_usage.purge', 'DELETE FROM api_key_usage WHERE hour <= $1');
const PURGE_BATCHES = statement(
  'api_key_usage_batches.purge',
  'DELETE FROM api_key_usage_batches WHERE created_at <= $1',
);
const PURGE_GRACE = statement(
  'api_key_secrets.purge',
  `DELETE FROM api_key_secrets WHERE kind = 'grace' AND not_after <= $1`,
);

/** Writes what keys of every tenant were used for. */
@Injectable()
export class KeyUsageSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  async anyTenantAdd(batchId: string, counts: readonly UsageCount[], now: Date): Promise<void> {
    await this.query(ADD, [
      batchId,
      now,
      counts.map(({ appId }) => appId),
      counts.map(({ envId }) => envId),
      counts.map(({ keyId }) => keyId),
      counts.map(({ hour }) => hour),
      counts.map(({ outcome }) => outcome),
      counts.map(({ tag }) => tag),
      counts.map(({ generation }) => generation),
      counts.map(({ count }) => count),
      // An array of arrays would be flattened: each is its own literal.
      counts.map(({ latency }) => `{${latency.join(',')}}`),
    ]);
  }

  async anyTenantTouch(used: readonly UsageCount[]): Promise<void> {
    await this.query(TOUCH, [used.map(({ keyId }) => keyId), used.map(({ lastUsedMs }) => new Date(lastUsedMs))]);
  }

  /** @param usage until when counts go. */
  async anyTenantPurge(usage: Date, now: Date): Promise<void> {
    await this.query(PURGE, [usage]);
    await this.query(PURGE_BATCHES, [usage]);
    await this.query(PURGE_GRACE, [now]);
  }
}
