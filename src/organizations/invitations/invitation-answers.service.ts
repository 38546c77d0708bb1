import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { TenantRecords } from '../../environments/tenant-records.js';
import { type MemberRole, reachesRole } from '../../http/access/memberships.js';
import { TenantDirectory } from '../../http/tenancy/tenant-directory.js';
import { type Actor, ANONYMOUS, AuditTrail } from '../../kernel/audit/audit-trail.js';
import { Clock } from '../../kernel/clock/clock.js';
import { type EnvScope, sameTenant, scopeTo } from '../../kernel/context/scope.js';
import { hashToken } from '../../kernel/crypto/token.js';
import { Events } from '../../kernel/events/events.js';
import type { Id } from '../../kernel/ids/id.js';
import { JobRunner } from '../../kernel/jobs/job-runner.js';
import { Database } from '../../kernel/persistence/database.js';
import type { UserEntity } from '../../users/user.entity.js';
import { isBanned } from '../../users/user.rules.js';
import { UsersService } from '../../users/users.service.js';
import type { MemberEntity } from '../members/member.entity.js';
import { MembersService } from '../members/members.service.js';
import type { OrganizationEntity } from '../organization.entity.js';
import '../organizations.events.js';
import { OrganizationsRepository } from '../organizations.repository.js';
import { TeamsService } from '../teams/teams.service.js';
import type { InvitationEntity } from './invitation.entity.js';
import { InvalidInvitation, InvitationLapsed, InvitationOfAnother } from './invitations.problems.js';
import { InvitationsRepository } from './invitations.repository.js';
import { InvitationsSystemRepository } from './invitations.system-repository.js';

const DAY_MS = 86_400_000;

/** What somebody sees who holds the link of an invitation. */
export interface ShownInvitation {
  readonly invitation: InvitationEntity;
  readonly organization: OrganizationEntity;
  readonly appName: string;
  readonly publishableKey: string | undefined;
}

/** Invitations as those see them who were invited: what they say, accepted or declined. */
@Injectable()
export class InvitationAnswersService implements OnModuleInit {
  constructor(
    private readonly invitations: InvitationsRepository,
    private readonly anyTenant: InvitationsSystemRepository,
    private readonly organizations: OrganizationsRepository,
    private readonly members: MembersService,
    private readonly teams: TeamsService,
    private readonly users: UsersService,
    private readonly tenants: TenantRecords,
    private readonly directory: TenantDirectory,
    private readonly runner: JobRunner,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.runner.every({ name: 'invitations.purge', everyMs: DAY_MS, run: () => this.purge() });
  }

  /** @param named the caller's environment, if it named one. @throws InvalidInvitation */
  async show(token: string, named: EnvScope | undefined): Promise<ShownInvitation> {
    const { scope, invitation } = await this.open(token, named);
    return {
      invitation,
      organization: await this.organizations.get(scope, invitation.orgId),
      appName: (await this.tenants.get(scope)).appName,
      publishableKey: await this.directory.publishableKeyOf(scope),
    };
  }

  /** Whoever holds the link may decline. @throws InvalidInvitation */
  async decline(token: string, named: EnvScope | undefined): Promise<void> {
    const { scope, invitation } = await this.open(token, named);
    await this.database.transaction(async () => {
      const { id, orgId, role } = invitation;
      const declined = await this.invitations.answer(scope, id, 'declined', null, this.clock.now());
      if (!declined) throw new InvalidInvitation();
      await this.events.record(scope, 'org.invitation.declined', id, { org_id: orgId, invitation_id: id, role });
      const action = 'org.invitation.declined';
      const target = { type: 'invitation', id };
      this.audit.record(scope, { action, actor: ANONYMOUS, target, metadata: { org_id: orgId } });
    });
  }

  /**
   * An invitation to somebody who is about to sign up. That they hold its link proves the address it was mailed to.
   * @throws InvalidInvitation, InvitationOfAnother
   */
  async forAddress(scope: EnvScope, token: string, email: string): Promise<InvitationEntity> {
    const invitation = await this.find(scope, token);
    if (invitation.email !== email) throw new InvitationOfAnother();
    return invitation;
  }

  /**
   * Makes the invited person a member. Somebody else who holds the link is refused, and it goes on waiting (R188).
   * @throws InvalidInvitation, InvitationOfAnother, InvitationLapsed, AlreadyMember, OrganizationFull, OrganizationInactive
   */
  async accept(scope: EnvScope, token: string, user: UserEntity, actor: Actor): Promise<MemberEntity> {
    const invitation = await this.find(scope, token);
    if (invitation.email !== user.email || !user.emailVerified) throw new InvitationOfAnother();
    return this.join(scope, invitation, user.id, actor);
  }

  /** As {@link accept}, of one whose right to it is established: joins the caller's transaction. */
  join(scope: EnvScope, invitation: InvitationEntity, userId: Id<'user'>, actor: Actor): Promise<MemberEntity> {
    return this.database.transaction(async () => {
      const { id, orgId, teamIds } = invitation;
      const organization = await this.organizations.lock(scope, orgId);
      const role = await this.grantable(scope, invitation);
      const accepted = await this.invitations.answer(scope, id, 'accepted', userId, this.clock.now());
      if (!accepted) throw new InvalidInvitation();
      const member = await this.members.join(scope, organization, { userId, role }, actor);
      await this.teams.addToExisting(scope, teamIds, member, actor);
      const ids = { org_id: orgId, invitation_id: id, member_id: member.id, user_id: userId };
      await this.events.record(scope, 'org.invitation.accepted', id, { ...ids, role });
      this.audit.record(scope, {
        action: 'org.invitation.accepted',
        actor,
        target: { type: 'invitation', id },
        metadata: { org_id: orgId, member_id: member.id, role },
      });
      return member;
    });
  }

  /** What whoever invited could still grant at this moment, and no more than was offered (R192). @throws InvitationLapsed */
  private async grantable(scope: EnvScope, { orgId, inviterId, role }: InvitationEntity): Promise<MemberRole> {
    if (inviterId === null) return role;
    const inviter = await this.members.roleIn(scope, orgId, inviterId);
    if (inviter === undefined || !reachesRole(inviter, 'admin')) throw new InvitationLapsed();
    if (isBanned(await this.users.get(scope, inviterId), this.clock.now())) throw new InvitationLapsed();
    return reachesRole(inviter, role) ? role : inviter;
  }

  /** @throws InvalidInvitation */
  private async find(scope: EnvScope, token: string): Promise<InvitationEntity> {
    const invitation = await this.invitations.findBySecret(scope, hashToken(token), this.clock.now());
    if (invitation === undefined) throw new InvalidInvitation();
    return invitation;
  }

  private async open(
    token: string,
    named: EnvScope | undefined,
  ): Promise<{ readonly scope: EnvScope; readonly invitation: InvitationEntity }> {
    const tenant = await this.anyTenant.anyTenantOf(hashToken(token), this.clock.now());
    const scope = tenant && scopeTo.env(tenant.appId, tenant.envId);
    const isForeign = scope !== undefined && named !== undefined && !sameTenant(scope, named);
    if (scope === undefined || isForeign || (await this.tenants.byScope(scope)) === undefined) {
      throw new InvalidInvitation();
    }
    return { scope, invitation: await this.find(scope, token) };
  }

  private async purge(): Promise<void> {
    await this.anyTenant.anyTenantPurge(this.clock.in(-this.config.retention.invitationsMs));
  }
}
