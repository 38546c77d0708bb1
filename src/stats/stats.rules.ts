import type { Id } from '../kernel/ids/id.js';
import { ACTIVE_PERIODS, type ActivePeriod } from './active-user.entity.js';
import type { StatMetric } from './stat-counter.entity.js';

/** What the rollups need to know of a fact. */
export interface CountedFact {
  readonly name: string;
  readonly appId: Id<'app'>;
  readonly envId: Id<'environment'> | null;
  readonly subjectId: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly occurredAt: Date;
}

export interface Increment {
  readonly app_id: string;
  readonly env_id: string;
  readonly metric: StatMetric;
  readonly day: string;
  readonly value: number;
}

export interface Activity {
  readonly app_id: string;
  readonly env_id: string;
  readonly period: ActivePeriod;
  readonly starts_on: string;
  readonly user_id: string;
}

export interface TotalChange {
  readonly app_id: string;
  readonly env_id: string;
  readonly users: number;
}

/** What a batch of facts adds to the rollups. */
export interface Rollup {
  readonly increments: readonly Increment[];
  readonly activities: readonly Activity[];
  readonly totals: readonly TotalChange[];
}

type Counting = (fact: CountedFact) => Partial<Record<StatMetric | 'users', number>>;

/** What each fact counts as. */
export const COUNTED_EVENTS = {
  'user.created': () => ({ users: 1 }),
  'users.imported': ({ payload }) => ({ users: Number(payload.created) }),
  'user.deleted': () => ({ users_deleted: 1, users: -1 }),
  'user.restored': () => ({ users: 1 }),
  'auth.signup': () => ({ sign_ups: 1 }),
  'auth.signin': () => ({ sign_ins: 1 }),
  'auth.signin.failed': () => ({ sign_in_failures: 1 }),
  // Whoever gets a session is active, by whichever way in; an impersonation is none of theirs.
  'session.created': () => ({}),
} as const satisfies Record<string, Counting>;

export type CountedEvent = keyof typeof COUNTED_EVENTS;

/** The day (UTC), the Monday of its week, or the first of its month. */
export function startOf(period: ActivePeriod, at: Date): string {
  const day = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), period === 'month' ? 1 : at.getUTCDate()));
  if (period === 'week') day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7));
  return day.toISOString().slice(0, 10);
}

/** Adds a batch of facts up, so that it costs a few statements, however many facts it has. */
export function rollUp(facts: readonly CountedFact[]): Rollup {
  const increments = new Map<string, Increment>();
  const activities = new Map<string, Activity>();
  const totals = new Map<string, TotalChange>();
  for (const fact of facts) {
    const { appId: app_id, envId: env_id, occurredAt, subjectId } = fact;
    if (env_id === null) continue;
    const counting: Counting | undefined = (COUNTED_EVENTS as Readonly<Record<string, Counting>>)[fact.name];
    const { users = 0, ...counts } = counting?.(fact) ?? {};
    const day = startOf('day', occurredAt);
    for (const [metric, value] of Object.entries(counts) as [StatMetric, number][]) {
      const slot = `${env_id}/${metric}/${day}`;
      increments.set(slot, { app_id, env_id, metric, day, value: value + (increments.get(slot)?.value ?? 0) });
    }
    if (users !== 0) totals.set(env_id, { app_id, env_id, users: users + (totals.get(env_id)?.users ?? 0) });
    if (fact.name !== 'session.created') continue;
    for (const period of ACTIVE_PERIODS) {
      const starts_on = startOf(period, occurredAt);
      const activity = { app_id, env_id, period, starts_on, user_id: subjectId };
      activities.set(`${period}/${starts_on}/${subjectId}`, activity);
    }
  }
  return {
    increments: [...increments.values()],
    activities: [...activities.values()],
    totals: [...totals.values()],
  };
}
