import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';

export const MEMBER_ROLES = ['owner', 'admin', 'member'] as const;
export type MemberRole = (typeof MEMBER_ROLES)[number];

/** Who belongs to which organization: what other modules may ask about organizations without knowing them. A port. */
export abstract class Memberships {
  /** @returns undefined for somebody who is not a member, and for an unknown organization. */
  abstract roleOf(scope: EnvScope, orgId: Id<'organization'>, userId: Id<'user'>): Promise<MemberRole | undefined>;
}
