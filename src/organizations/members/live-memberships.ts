import { Injectable } from '@nestjs/common';
import { type MemberRole, Memberships } from '../../http/access/memberships.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { LiveCache } from '../../kernel/notifications/live-cache.js';
import { Notifications } from '../../kernel/notifications/notifications.js';
import { MembersRepository } from './members.repository.js';

/** Notification, followed by the id of the user or the organization, that who is what in organizations has changed. */
export const MEMBERS_CHANGED = 'members:';

const MOST_REMEMBERED = 50_000;

/** Roles from memory while every change is heard of; from the database otherwise. */
@Injectable()
export class LiveMemberships extends Memberships {
  readonly #known: LiveCache<{ readonly role: MemberRole }>;

  constructor(
    private readonly members: MembersRepository,
    notifications: Notifications,
  ) {
    super();
    this.#known = new LiveCache(notifications, MEMBERS_CHANGED, MOST_REMEMBERED);
  }

  override roleOf(
    scope: EnvScope,
    orgId: Id<'organization'>,
    userId: Id<'user'>,
  ): MemberRole | undefined | Promise<MemberRole | undefined> {
    const slot = `${scope.envId}/${orgId}/${userId}`;
    return this.#known.recall(slot)?.role ?? this.lookUp(slot, scope, orgId, userId);
  }

  override exists(scope: EnvScope, orgId: Id<'organization'>): Promise<boolean> {
    return this.members.organizationExists(scope, orgId);
  }

  private async lookUp(
    slot: string,
    scope: EnvScope,
    orgId: Id<'organization'>,
    userId: Id<'user'>,
  ): Promise<MemberRole | undefined> {
    const found = await this.#known.remember(slot, async () => {
      const role = await this.members.roleOf(scope, orgId, userId);
      return role && { role };
    });
    return found?.role;
  }
}
