import { Injectable } from '@nestjs/common';
import { Database } from '../kernel/persistence/database.js';
import { statement } from '../kernel/persistence/statement.js';
import { SystemRepository } from '../kernel/persistence/system.repository.js';
import type { Activity, Increment, TotalChange } from './stats.rules.js';

/** An environment that is gone meanwhile is left out. */
const INCREMENT = statement(
  'stat_counters.increment',
  `INSERT INTO stat_counters AS c (app_id, env_id, metric, day, value)
   SELECT r.app_id, r.env_id, r.metric, r.day, r.value
   FROM jsonb_to_recordset($1::jsonb) AS r(app_id text, env_id text, metric text, day date, value bigint)
   JOIN environments e ON e.app_id = r.app_id AND e.id = r.env_id
   ORDER BY r.env_id, r.metric, r.day
   ON CONFLICT (app_id, env_id, metric, day) DO UPDATE SET value = c.value + excluded.value`,
);
const ADD_USERS = statement(
  'user_totals.add',
  `INSERT INTO user_totals AS t (app_id, env_id, users)
   SELECT r.app_id, r.env_id, r.users FROM jsonb_to_recordset($1::jsonb) AS r(app_id text, env_id text, users bigint)
   JOIN environments e ON e.app_id = r.app_id AND e.id = r.env_id
   ORDER BY r.env_id
   ON CONFLICT (app_id, env_id) DO UPDATE SET users = t.users + excluded.users`,
);
/** Who is there already has been counted: only those who are new to a period add to its counter. */
const NOTE_ACTIVE = statement(
  'active_users.note',
  `WITH seen AS (
     INSERT INTO active_users (app_id, env_id, period, starts_on, user_id)
     SELECT r.app_id, r.env_id, r.period, r.starts_on, r.user_id
     FROM jsonb_to_recordset($1::jsonb) AS r(app_id text, env_id text, period text, starts_on date, user_id text)
     JOIN environments e ON e.app_id = r.app_id AND e.id = r.env_id
     ON CONFLICT DO NOTHING RETURNING app_id, env_id, period, starts_on)
   INSERT INTO stat_counters AS c (app_id, env_id, metric, day, value)
   SELECT app_id, env_id, 'active_' || period, starts_on, count(*) FROM seen GROUP BY 1, 2, 3, 4 ORDER BY 2, 3, 4
   ON CONFLICT (app_id, env_id, metric, day) DO UPDATE SET value = c.value + excluded.value`,
);
const FORGET_ACTIVE = statement('active_users.purge', 'DELETE FROM active_users WHERE starts_on < $1');

/** Keeps the rollups of every tenant up with the facts. */
@Injectable()
export class StatsSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  async anyTenantIncrement(increments: readonly Increment[]): Promise<void> {
    await this.query(INCREMENT, [JSON.stringify(increments)]);
  }

  async anyTenantAddUsers(totals: readonly TotalChange[]): Promise<void> {
    await this.query(ADD_USERS, [JSON.stringify(totals)]);
  }

  async anyTenantNoteActive(activities: readonly Activity[]): Promise<void> {
    await this.query(NOTE_ACTIVE, [JSON.stringify(activities)]);
  }

  /** @param before an ISO date. */
  async anyTenantForgetActive(before: string): Promise<void> {
    await this.query(FORGET_ACTIVE, [before]);
  }
}
