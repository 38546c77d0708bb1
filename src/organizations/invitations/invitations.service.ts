import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Config } from '../../config/config.js';
import type { MemberRole } from '../../http/access/memberships.js';
import { invalidFields } from '../../http/validation/validation.pipe.js';
import { type Actor, AuditTrail } from '../../kernel/audit/audit-trail.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { hashToken, randomToken } from '../../kernel/crypto/token.js';
import { DomainError } from '../../kernel/errors/problem.js';
import { Events } from '../../kernel/events/events.js';
import { IdGenerator, type Id } from '../../kernel/ids/id.js';
import { RateLimits } from '../../kernel/limits/rate-limits.js';
import { Database } from '../../kernel/persistence/database.js';
import { Cursors, type Page, type PageRequest } from '../../kernel/persistence/page.js';
import { settingPlace } from '../../settings/setting-place.js';
import { SettingsReader } from '../../settings/settings-reader.js';
import { UsersService } from '../../users/users.service.js';
import { AlreadyMember } from '../members/members.problems.js';
import { MembersService, type OrganizationActor } from '../members/members.service.js';
import { INVITATION_DAYS, PENDING_INVITATIONS } from '../organization-settings.js';
import '../organizations.events.js';
import { OrganizationInactive } from '../organizations.problems.js';
import { OrganizationsRepository } from '../organizations.repository.js';
import { TeamsService } from '../teams/teams.service.js';
import { InvitationMails } from './invitation-mails.js';
import type { InvitationEntity } from './invitation.entity.js';
import { InvitationAnswered, InvitationPending, TooManyInvitations } from './invitations.problems.js';
import { InvitationsRepository, type ShownState } from './invitations.repository.js';

const DAY_MS = 86_400_000;

export interface InvitationInput {
  /** In canonical form. */
  readonly email: string;
  readonly role: MemberRole;
  readonly teamIds: readonly Id<'team'>[];
}

/** What became of one of many. */
export type InvitationOutcome =
  | { readonly email: string; readonly invitation: InvitationEntity }
  | { readonly email: string; readonly refused: DomainError };

type InvitationEvent = 'org.invitation.created' | 'org.invitation.resent' | 'org.invitation.revoked';

/** Invitations as the organization sees them: made, mailed again, taken back. Their secret goes into the mail and nowhere else. */
@Injectable()
export class InvitationsService implements OnModuleInit {
  constructor(
    private readonly invitations: InvitationsRepository,
    private readonly organizations: OrganizationsRepository,
    private readonly members: MembersService,
    private readonly teams: TeamsService,
    private readonly mails: InvitationMails,
    private readonly users: UsersService,
    private readonly settings: SettingsReader,
    private readonly limits: RateLimits,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly cursors: Cursors,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.events.within('user.account_deleted', (scope, { payload }) =>
      this.invitations.deleteOfPerson(scope as EnvScope, payload.user_id),
    );
  }

  /**
   * Invites an address; whether it has an account is nowhere to be seen.
   * @throws OrganizationNotFound, RoleAboveOwn, OrganizationInactive, AlreadyMember, InvitationPending, TooManyInvitations, RateLimited;
   * ValidationFailed for a team that the organization does not have.
   */
  async create(
    scope: EnvScope,
    orgId: Id<'organization'>,
    input: InvitationInput,
    by: OrganizationActor,
  ): Promise<InvitationEntity> {
    await this.limit(scope, orgId, input.email);
    const token = randomToken();
    return this.database.transaction(async () => {
      const organization = await this.organizations.lock(scope, orgId);
      this.members.requireGrant(await this.members.standingNow(scope, orgId, by), input.role);
      if (!organization.active) throw new OrganizationInactive();
      await this.requireOwnTeams(scope, orgId, input.teamIds);
      await this.refuseMember(scope, orgId, input.email);
      await this.requireRoom(scope, orgId);
      const row = {
        ...input,
        id: this.ids.next('invitation'),
        orgId,
        teamIds: [...input.teamIds],
        ...(await this.fresh(scope, orgId, token, by)),
      };
      const invitation = await this.invitations.insert(scope, row, this.clock.now());
      if (invitation === undefined) throw new InvitationPending();
      await this.mails.send(scope, organization, invitation, token);
      await this.record(scope, 'org.invitation.created', invitation, by.actor);
      return invitation;
    });
  }

  /** Each by itself: one that is refused does not keep the others. */
  async createMany(
    scope: EnvScope,
    orgId: Id<'organization'>,
    inputs: readonly InvitationInput[],
    by: OrganizationActor,
  ): Promise<InvitationOutcome[]> {
    const outcomes: InvitationOutcome[] = [];
    for (const input of inputs) {
      try {
        outcomes.push({ email: input.email, invitation: await this.create(scope, orgId, input, by) });
      } catch (error) {
        if (!(error instanceof DomainError) || error.kind === 'internal' || error.kind === 'unavailable') throw error;
        outcomes.push({ email: input.email, refused: error });
      }
    }
    return outcomes;
  }

  /** Newest first. @param state undefined: all. @throws MalformedCursor */
  async list(
    scope: EnvScope,
    orgId: Id<'organization'>,
    state: ShownState | undefined,
    { limit, cursor }: PageRequest,
  ): Promise<Page<InvitationEntity>> {
    const list = `invitations/${scope.envId}/${orgId}/${state ?? ''}`;
    const before = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    const rows = await this.invitations.page(scope, orgId, state, before, this.clock.now(), limit + 1);
    return this.cursors.page(list, limit, rows, ({ id }) => id);
  }

  /** @throws InvitationNotFound */
  get(scope: EnvScope, orgId: Id<'organization'>, id: Id<'invitation'>): Promise<InvitationEntity> {
    return this.invitations.get(scope, orgId, id);
  }

  /**
   * Mails another link, for the full time; the one before is void (R191). Whoever does so answers for the invitation from then on.
   * @throws OrganizationNotFound, InvitationNotFound, InvitationAnswered, RoleAboveOwn, RateLimited
   */
  async resend(
    scope: EnvScope,
    orgId: Id<'organization'>,
    id: Id<'invitation'>,
    by: OrganizationActor,
  ): Promise<InvitationEntity> {
    const { email } = await this.invitations.get(scope, orgId, id);
    await this.limit(scope, orgId, email);
    const token = randomToken();
    return this.database.transaction(async () => {
      const organization = await this.organizations.lock(scope, orgId);
      const { role } = await this.invitations.get(scope, orgId, id);
      this.members.requireGrant(await this.members.standingNow(scope, orgId, by), role);
      const fresh = await this.fresh(scope, orgId, token, by);
      const invitation = await this.invitations.renew(scope, { orgId, id }, fresh, this.clock.now());
      if (invitation === undefined) throw new InvitationAnswered();
      await this.mails.send(scope, organization, invitation, token);
      await this.record(scope, 'org.invitation.resent', invitation, by.actor);
      return invitation;
    });
  }

  /** @throws OrganizationNotFound, InvitationNotFound, InvitationAnswered */
  revoke(scope: EnvScope, orgId: Id<'organization'>, id: Id<'invitation'>, by: OrganizationActor): Promise<void> {
    return this.database.transaction(async () => {
      const invitation = await this.invitations.get(scope, orgId, id);
      const revoked = await this.invitations.answer(scope, id, 'revoked', null, this.clock.now());
      if (!revoked) throw new InvitationAnswered();
      await this.record(scope, 'org.invitation.revoked', invitation, by.actor);
    });
  }

  /** Of the organization, so that nobody mails strangers through the service; of the address, so that nobody is pestered (R194). */
  private async limit({ envId }: EnvScope, orgId: Id<'organization'>, email: string): Promise<void> {
    const { invitationsPerOrganization, invitationsPerAddress } = this.config.limits;
    await this.limits.require({ name: 'invitations_per_organization', ...invitationsPerOrganization }, orgId);
    const address = hashToken(`${envId}/${email}`).toString('hex');
    await this.limits.require({ name: 'invitations_per_address', ...invitationsPerAddress }, address);
  }

  private async fresh(
    scope: EnvScope,
    orgId: Id<'organization'>,
    token: string,
    by: OrganizationActor,
  ): Promise<Pick<InvitationEntity, 'secretHash' | 'inviterId' | 'expiresAt'>> {
    const days = await this.settings.value(settingPlace.organization(scope, orgId), INVITATION_DAYS);
    return {
      secretHash: hashToken(token),
      inviterId: by.standing === 'administrator' ? null : by.userId,
      expiresAt: this.clock.in(days * DAY_MS),
    };
  }

  /** R193 */
  private async requireOwnTeams(
    scope: EnvScope,
    orgId: Id<'organization'>,
    teamIds: readonly Id<'team'>[],
  ): Promise<void> {
    if (await this.teams.haveAll(scope, orgId, teamIds)) return;
    throw invalidFields([{ path: 'team_ids', code: 'team', message: 'team_ids must name teams of the organization' }]);
  }

  /** Says nothing new: whoever may invite sees the addresses of all members. */
  private async refuseMember(scope: EnvScope, orgId: Id<'organization'>, email: string): Promise<void> {
    const known = await this.users.findByEmail(scope, email);
    if (known !== undefined && (await this.members.isMember(scope, orgId, known.user.id))) throw new AlreadyMember();
  }

  private async requireRoom(scope: EnvScope, orgId: Id<'organization'>): Promise<void> {
    const most = await this.settings.value(settingPlace.organization(scope, orgId), PENDING_INVITATIONS);
    const used = await this.invitations.countPending(scope, orgId, most, this.clock.now());
    if (used >= most) throw new TooManyInvitations({ extras: { limit: most, used } });
  }

  private async record(
    scope: EnvScope,
    event: InvitationEvent,
    { id, orgId, role }: InvitationEntity,
    actor: Actor,
  ): Promise<void> {
    await this.events.record(scope, event, id, { org_id: orgId, invitation_id: id, role });
    const metadata = { org_id: orgId, role };
    this.audit.record(scope, { action: event, actor, target: { type: 'invitation', id }, metadata });
  }
}
