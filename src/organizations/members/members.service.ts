import { Injectable, type OnModuleInit } from '@nestjs/common';
import { BilledSubjects } from '../../billing-bridge/billed-subjects.js';
import { EntitlementGate } from '../../billing-bridge/entitlements/entitlement-gate.js';
import { OrganizationNotFound } from '../../http/access/access.problems.js';
import { type MemberRole, type OrganizationStanding, reachesRole } from '../../http/access/memberships.js';
import { PreconditionFailed } from '../../http/etag.js';
import { type Actor, AuditTrail, SYSTEM_ACTOR } from '../../kernel/audit/audit-trail.js';
import { Clock } from '../../kernel/clock/clock.js';
import { actorOf, type UserPrincipal } from '../../kernel/context/principal.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { Events } from '../../kernel/events/events.js';
import { IdGenerator, type Id } from '../../kernel/ids/id.js';
import { Database } from '../../kernel/persistence/database.js';
import { Cursors, type Page, type PageRequest } from '../../kernel/persistence/page.js';
import { settingPlace } from '../../settings/setting-place.js';
import { SettingsReader } from '../../settings/settings-reader.js';
import { UsersService } from '../../users/users.service.js';
import { ORGANIZATION_SEATS } from '../organization-settings.js';
import type { OrganizationEntity } from '../organization.entity.js';
import '../organizations.events.js';
import { LastOrganizationOwner, OrganizationFull, OrganizationInactive } from '../organizations.problems.js';
import { OrganizationsRepository } from '../organizations.repository.js';
import { MEMBERS_CHANGED } from './live-memberships.js';
import type { MemberEntity } from './member.entity.js';
import { AlreadyMember, MemberNotFound, RoleAboveOwn } from './members.problems.js';
import { type MemberFilter, MembersRepository, type MemberWithUser } from './members.repository.js';

export { MEMBERS_CHANGED } from './live-memberships.js';

/** Who acts on an organization: as the edge found them, to be looked at again under the organization's lock. */
export interface OrganizationActor {
  readonly userId: Id<'user'>;
  readonly standing: OrganizationStanding;
  readonly actor: Actor;
}

export function organizationActor(caller: UserPrincipal, standing: OrganizationStanding): OrganizationActor {
  return { userId: caller.userId, standing, actor: actorOf(caller) };
}

/** More than anybody has. */
const MOST_MEMBERSHIPS = 100_000;

type MemberEvent = 'org.member.added' | 'org.member.removed';

/**
 * Who belongs to an organization, and as what. Every change holds the organization's row, so that what is checked is still so when it is
 * written: an organization always has an owner, no seat is given twice, and nobody acts with a role they have just lost.
 */
@Injectable()
export class MembersService implements OnModuleInit {
  constructor(
    private readonly members: MembersRepository,
    private readonly organizations: OrganizationsRepository,
    private readonly users: UsersService,
    private readonly settings: SettingsReader,
    private readonly plans: EntitlementGate,
    private readonly subjects: BilledSubjects,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly cursors: Cursors,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.events.within('user.deleted', (scope, { payload }) =>
      this.refuseSoleOwner(scope as EnvScope, payload.user_id),
    );
    this.events.within('user.account_deleted', (scope, { payload }) =>
      this.removeEverywhere(scope as EnvScope, payload.user_id),
    );
    this.events.within('admin.user.banned', (scope, { payload }) =>
      this.reportOwnerless(scope as EnvScope, payload.user_id),
    );
  }

  /** Those who came first, first. @throws MalformedCursor */
  async list(
    scope: EnvScope,
    orgId: Id<'organization'>,
    filter: MemberFilter,
    { limit, cursor }: PageRequest,
  ): Promise<Page<MemberWithUser>> {
    const list = `members/${scope.envId}/${orgId}/${JSON.stringify(filter)}`;
    const after = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    const rows = await this.members.page(scope, orgId, filter, after, limit + 1);
    return this.cursors.page(list, limit, rows, ({ id }) => id);
  }

  /** @throws MemberNotFound */
  async get(scope: EnvScope, orgId: Id<'organization'>, id: Id<'member'>): Promise<MemberWithUser> {
    const member = await this.members.find(scope, orgId, id);
    if (member === undefined) throw new MemberNotFound();
    return member;
  }

  /** Every membership of a user, for the export of a person’s data. */
  ofUser(scope: EnvScope, userId: Id<'user'>, most: number): Promise<MemberEntity[]> {
    return this.members.ofUser(scope, userId, most);
  }

  /** Also of somebody who was deleted and can be restored. */
  async isMember(scope: EnvScope, orgId: Id<'organization'>, userId: Id<'user'>): Promise<boolean> {
    return (await this.members.ofUserIn(scope, orgId, userId)) !== undefined;
  }

  /** The role of a user in an active organization, as the database says at this moment. */
  roleIn(scope: EnvScope, orgId: Id<'organization'>, userId: Id<'user'>): Promise<MemberRole | undefined> {
    return this.members.roleOf(scope, orgId, userId);
  }

  /** @throws OrganizationNotFound, UserNotFound, AlreadyMember, RoleAboveOwn, OrganizationFull, OrganizationInactive, QuotaExceeded */
  add(
    scope: EnvScope,
    orgId: Id<'organization'>,
    newcomer: { readonly userId: Id<'user'>; readonly role: MemberRole },
    by: OrganizationActor,
  ): Promise<MemberWithUser> {
    return this.database.transaction(async () => {
      const organization = await this.organizations.lock(scope, orgId);
      this.requireGrant(await this.standingNow(scope, orgId, by), newcomer.role);
      const { id } = await this.join(scope, organization, newcomer, by.actor);
      return this.get(scope, orgId, id);
    });
  }

  /**
   * Makes a user a member: in the transaction that holds the organization's row, which is handed over as it was read with the lock.
   * @throws UserNotFound, AlreadyMember, OrganizationFull, OrganizationInactive, QuotaExceeded
   */
  async join(
    scope: EnvScope,
    { id: orgId, active, memberCount: used }: OrganizationEntity,
    { userId, role }: { readonly userId: Id<'user'>; readonly role: MemberRole },
    actor: Actor,
  ): Promise<MemberEntity> {
    if (!active) throw new OrganizationInactive();
    const seats = await this.settings.value(settingPlace.organization(scope, orgId), ORGANIZATION_SEATS);
    if (seats > 0 && used >= seats) throw new OrganizationFull({ extras: { limit: seats, used } });
    await this.plans.requireSeat(await this.subjects.of(scope, { orgId, userId }), used);
    const row = { id: this.ids.next('member'), orgId, userId, role };
    const member = await this.members.insert(scope, row, this.clock.now());
    if (member === undefined) {
      await this.users.get(scope, userId);
      throw new AlreadyMember();
    }
    await this.record(scope, 'org.member.added', member, actor);
    return member;
  }

  /** @throws OrganizationNotFound, MemberNotFound, RoleAboveOwn, LastOrganizationOwner, PreconditionFailed */
  changeRole(
    scope: EnvScope,
    orgId: Id<'organization'>,
    id: Id<'member'>,
    role: MemberRole,
    version: number | undefined,
    by: OrganizationActor,
  ): Promise<MemberWithUser> {
    return this.database.transaction(async () => {
      await this.organizations.lock(scope, orgId);
      const member = await this.get(scope, orgId, id);
      const standing = await this.standingNow(scope, orgId, by);
      this.requireGrant(standing, member.role);
      this.requireGrant(standing, role);
      await this.setRole(scope, member, role, version, by.actor);
      return this.get(scope, orgId, id);
    });
  }

  /** @throws OrganizationNotFound, MemberNotFound, RoleAboveOwn, LastOrganizationOwner */
  remove(scope: EnvScope, orgId: Id<'organization'>, id: Id<'member'>, by: OrganizationActor): Promise<void> {
    return this.database.transaction(async () => {
      await this.organizations.lock(scope, orgId);
      const member = await this.get(scope, orgId, id);
      this.requireGrant(await this.standingNow(scope, orgId, by), member.role);
      await this.take(scope, member, by.actor);
    });
  }

  /** @throws OrganizationNotFound, LastOrganizationOwner */
  leave(scope: EnvScope, orgId: Id<'organization'>, userId: Id<'user'>, actor: Actor): Promise<void> {
    return this.database.transaction(async () => {
      await this.organizations.lock(scope, orgId);
      const member = await this.members.ofUserIn(scope, orgId, userId);
      if (member === undefined) throw new OrganizationNotFound();
      await this.take(scope, member, actor);
    });
  }

  /**
   * Makes a member owner; an owner who does so is an admin from then on.
   * @throws OrganizationNotFound, MemberNotFound, RoleAboveOwn
   */
  transfer(
    scope: EnvScope,
    orgId: Id<'organization'>,
    to: Id<'member'>,
    by: OrganizationActor,
  ): Promise<MemberWithUser> {
    return this.database.transaction(async () => {
      await this.organizations.lock(scope, orgId);
      const heir = await this.get(scope, orgId, to);
      this.requireGrant(await this.standingNow(scope, orgId, by), 'owner');
      if (heir.role !== 'owner') await this.setRole(scope, heir, 'owner', undefined, by.actor);
      const former = by.standing === 'administrator' ? undefined : await this.members.ofUserIn(scope, orgId, by.userId);
      if (former !== undefined && former.id !== to) await this.setRole(scope, former, 'admin', undefined, by.actor);
      return this.get(scope, orgId, to);
    });
  }

  /** What the actor is once the organization's row is held. @throws OrganizationNotFound for somebody who was removed meanwhile. */
  async standingNow(
    scope: EnvScope,
    orgId: Id<'organization'>,
    { userId, standing }: OrganizationActor,
  ): Promise<OrganizationStanding> {
    if (standing === 'administrator') return standing;
    const member = await this.members.ofUserIn(scope, orgId, userId);
    if (member === undefined) throw new OrganizationNotFound();
    return member.role;
  }

  /** @throws RoleAboveOwn unless the standing is an admin's at least and not below the role (R186). */
  requireGrant(standing: OrganizationStanding, role: MemberRole): void {
    if (!reachesRole(standing, 'admin') || !reachesRole(standing, role)) throw new RoleAboveOwn();
  }

  private async setRole(
    scope: EnvScope,
    member: MemberEntity,
    role: MemberRole,
    version: number | undefined,
    actor: Actor,
  ): Promise<void> {
    if (member.role === 'owner' && role !== 'owner') await this.requireOtherOwner(scope, member);
    const changed = await this.members.setRole(scope, member, role, version, this.clock.now());
    if (!changed) throw new PreconditionFailed();
    const { orgId, id, userId, role: previous } = member;
    const payload = { org_id: orgId, member_id: id, user_id: userId, role, previous_role: previous };
    await this.events.record(scope, 'org.member.role_changed', userId, payload);
    this.audit.record(scope, {
      action: 'org.member.role_changed',
      actor,
      target: { type: 'member', id },
      metadata: { org_id: orgId, user_id: userId, role, previous_role: previous },
    });
    this.database.notify(MEMBERS_CHANGED + userId);
  }

  private async take(scope: EnvScope, member: MemberEntity, actor: Actor): Promise<void> {
    if (member.role === 'owner') await this.requireOtherOwner(scope, member);
    await this.members.delete(scope, member);
    await this.record(scope, 'org.member.removed', member, actor);
  }

  private async requireOtherOwner(scope: EnvScope, { orgId, userId }: MemberEntity): Promise<void> {
    if (!(await this.members.hasOtherOwner(scope, orgId, userId))) throw new LastOrganizationOwner();
  }

  /** Nobody goes who leaves an organization without an owner (R187). */
  private async refuseSoleOwner(scope: EnvScope, userId: Id<'user'>): Promise<void> {
    const alone = await this.members.ownedAlone(scope, userId, { banned: false }, this.clock.now());
    if (alone.length > 0) throw new LastOrganizationOwner({ extras: { org_ids: alone } });
  }

  private async removeEverywhere(scope: EnvScope, userId: Id<'user'>): Promise<void> {
    for (const member of await this.members.ofUser(scope, userId, MOST_MEMBERSHIPS)) {
      await this.members.delete(scope, member);
      await this.record(scope, 'org.member.removed', member, SYSTEM_ACTOR);
    }
  }

  /** A ban must not wait for an organization to find another owner; whoever listens is told that it has none who can act (R187). */
  private async reportOwnerless(scope: EnvScope, userId: Id<'user'>): Promise<void> {
    for (const orgId of await this.members.ownedAlone(scope, userId, { banned: true }, this.clock.now())) {
      await this.events.record(scope, 'org.ownerless', orgId, { org_id: orgId, user_id: userId });
      this.audit.record(scope, {
        action: 'org.ownerless',
        actor: SYSTEM_ACTOR,
        target: { type: 'organization', id: orgId },
        metadata: { user_id: userId },
      });
    }
  }

  private async record(
    scope: EnvScope,
    event: MemberEvent,
    { orgId, id, userId, role }: MemberEntity,
    actor: Actor,
  ): Promise<void> {
    await this.events.record(scope, event, userId, { org_id: orgId, member_id: id, user_id: userId, role });
    this.audit.record(scope, {
      action: event,
      actor,
      target: { type: 'member', id },
      metadata: { org_id: orgId, user_id: userId, role },
    });
    this.database.notify(MEMBERS_CHANGED + userId);
  }
}
