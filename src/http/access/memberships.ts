import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';

/** What somebody is in an organization, lowest first. */
export const MEMBER_ROLES = ['member', 'admin', 'owner'] as const;
export type MemberRole = (typeof MEMBER_ROLES)[number];

/** As what somebody acts on an organization: a member's role, or an operator's right over all that is in the app. */
export type OrganizationStanding = MemberRole | 'administrator';

const RANKS: Readonly<Record<OrganizationStanding, number>> = { member: 1, admin: 2, owner: 3, administrator: 4 };

/** Whether one standing reaches at least as far as another. */
export function reachesRole(standing: OrganizationStanding, role: OrganizationStanding): boolean {
  return RANKS[standing] >= RANKS[role];
}

/** Who belongs to which organization. A port, and the only thing the edge knows of organizations: their module binds it. */
export abstract class Memberships {
  /**
   * The role of a user in an active organization.
   * @returns undefined for somebody who is not a member, and for an organization that is unknown or switched off; a promise only when the
   * database has to be asked. What it says holds on every replica within 100 ms of a change.
   */
  abstract roleOf(
    scope: EnvScope,
    orgId: Id<'organization'>,
    userId: Id<'user'>,
  ): MemberRole | undefined | Promise<MemberRole | undefined>;

  /** Whether there is such an organization, active or not. */
  abstract exists(scope: EnvScope, orgId: Id<'organization'>): Promise<boolean>;
}
