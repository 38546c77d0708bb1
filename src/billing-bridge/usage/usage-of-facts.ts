import type { EventName } from '../../kernel/events/event-map.js';
import type { StoredFact } from '../../kernel/events/event-feed.system-repository.js';
import type { Id } from '../../kernel/ids/id.js';
import type { BilledParties } from '../billed-subjects.js';
import type { Meter } from '../feature-keys.js';

/** Who says so, of usage that the service meters by itself. Nobody else can use the name: sources from outside have a prefix. */
export const SERVICE_SOURCE = 'authsome';

/** Usage that follows from a fact. Its key is made of what the fact is about: the same sign-in, told twice, counts once. */
export interface UsageOfFact {
  readonly featureKey: Meter;
  readonly idempotencyKey: string;
  readonly parties: BilledParties;
  readonly dimensions: Readonly<Record<string, string>>;
}

interface Ids {
  readonly user_id: Id<'user'>;
  readonly session_id: Id<'session'>;
  readonly org_id: Id<'organization'>;
  readonly member_id: Id<'member'>;
}

/**
 * What each fact counts as. Whoever gets a session is active and has signed in, by whatever way in, a sign-up too; an impersonation records
 * no such fact. Seats are none of this: they are read from the members, so that a removal frees one at once and no history changes.
 */
const USAGE = {
  'session.created': ({ user_id, session_id }) => [
    {
      featureKey: 'authsome.sessions.created',
      idempotencyKey: `session:${session_id}`,
      parties: { userId: user_id },
      dimensions: { user_id },
    },
    {
      featureKey: 'authsome.users.active',
      idempotencyKey: `signin:${session_id}`,
      parties: { userId: user_id },
      dimensions: { user_id },
    },
  ],
  'user.created': ({ user_id }) => [
    {
      featureKey: 'authsome.users.created',
      idempotencyKey: `user:${user_id}`,
      parties: { userId: user_id },
      dimensions: { user_id },
    },
  ],
  'org.member.added': ({ member_id, org_id, user_id }) => [
    {
      featureKey: 'authsome.orgs.members',
      idempotencyKey: `member:${member_id}`,
      // The organization that was joined, whatever the caller acts for.
      parties: { orgId: org_id, userId: user_id },
      dimensions: { user_id },
    },
  ],
} as const satisfies Partial<Record<EventName, (ids: Ids) => readonly UsageOfFact[]>>;

export const METERED_EVENTS = Object.keys(USAGE) as (keyof typeof USAGE)[];

export function usageOf({ name, payload }: StoredFact): readonly UsageOfFact[] {
  return USAGE[name as keyof typeof USAGE](payload as unknown as Ids);
}
