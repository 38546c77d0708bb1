/** How the quantities of a meter's events make its value in a period. */
export const AGGREGATIONS = ['sum', 'count', 'unique', 'max', 'latest'] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];

/** What a meter does with usage events. */
export interface MeterDefinition {
  readonly key: string;
  readonly eventKey: string;
  readonly aggregation: Aggregation;
  readonly valueDimension: string | null;
  readonly groupBy: readonly string[];
}

const sum = (key: string, groupBy: readonly string[] = []): MeterDefinition => ({
  key,
  eventKey: key,
  aggregation: 'sum',
  valueDimension: null,
  groupBy,
});

/** Monthly active people: each once in a period, however often they sign in. */
export const ACTIVE_USERS_METER = 'authsome.users.monthly_active';

/** What is metered in every environment. Seats are none of these: they are read from the members, never summed from events. */
export const BUILT_IN_METERS: readonly MeterDefinition[] = [
  sum('authsome.users.active'),
  {
    key: ACTIVE_USERS_METER,
    eventKey: 'authsome.users.active',
    aggregation: 'unique',
    valueDimension: 'user_id',
    groupBy: [],
  },
  sum('authsome.users.created'),
  sum('authsome.mfa.enrollments'),
  sum('authsome.apikeys.validated', ['key_id']),
  sum('authsome.orgs.members'),
  sum('authsome.sessions.created'),
];
