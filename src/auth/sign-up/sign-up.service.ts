import { Injectable, type OnModuleInit } from '@nestjs/common';
import { TenantRecords } from '../../environments/tenant-records.js';
import { type Submitted, SubmittedMetadata } from '../../form-configs/submitted-metadata.js';
import type { Metadata } from '../../http/validation/metadata.js';
import { ANONYMOUS, AuditTrail } from '../../kernel/audit/audit-trail.js';
import type { ClientInfo } from '../../kernel/context/client-info.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { Passwords } from '../../kernel/crypto/passwords.js';
import { Events } from '../../kernel/events/events.js';
import { Hooks } from '../../kernel/hooks/hooks.js';
import { Database } from '../../kernel/persistence/database.js';
import { InvitationAnswersService } from '../../organizations/invitations/invitation-answers.service.js';
import type { InvitationEntity } from '../../organizations/invitations/invitation.entity.js';
import { type IssuedSession, SessionIssuer } from '../../sessions/session-issuer.js';
import type { UserEntity } from '../../users/user.entity.js';
import type { FullName } from '../../users/user.rules.js';
import { EmailTaken, UsernameTaken } from '../../users/users.problems.js';
import { UsersService } from '../../users/users.service.js';
import '../auth.events.js';
import { AuthMails } from '../auth-mails.js';
import { MailRequests } from '../mail-requests.js';
import { PasswordPolicy } from '../password/password-policy.js';
import { TenantLimits } from '../tenant-limits.js';
import { ContestedAddresses } from '../verification/contested-addresses.js';
import { VerificationService } from '../verification/verification.service.js';
import { SignUpDecoys } from './sign-up-decoys.js';
import { SignUpDisabled } from './sign-up.problems.js';

export interface SignUpInput extends FullName {
  /** In canonical form. */
  readonly email: string;
  readonly password: string;
  readonly username?: { readonly canonical: string; readonly display: string };
  readonly metadata: Metadata;
}

/** As it was sent: no form has looked at the metadata yet. */
export type SignUpRequested = Omit<SignUpInput, 'metadata'> & {
  readonly metadata?: Submitted;
  /** Of an invitation that was mailed to the address. */
  readonly invitationToken?: string;
};

/** Without a session when the address must be verified first. */
export interface SignedUp {
  readonly user: UserEntity;
  readonly issued?: IssuedSession;
}

declare module '../../kernel/hooks/hooks.js' {
  interface HookMap {
    /** Before an account is made: may throw to refuse. */
    'before.sign_up': { readonly scope: EnvScope; readonly input: SignUpInput; readonly client: ClientInfo };
  }
}

@Injectable()
export class SignUpService implements OnModuleInit {
  constructor(
    private readonly users: UsersService,
    private readonly tenants: TenantRecords,
    private readonly limits: TenantLimits,
    private readonly invitations: InvitationAnswersService,
    private readonly submitted: SubmittedMetadata,
    private readonly policy: PasswordPolicy,
    private readonly passwords: Passwords,
    private readonly verification: VerificationService,
    private readonly contested: ContestedAddresses,
    private readonly issuer: SessionIssuer,
    private readonly decoys: SignUpDecoys,
    private readonly requests: MailRequests,
    private readonly mails: AuthMails,
    private readonly hooks: Hooks,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
  ) {}

  onModuleInit(): void {
    this.requests.handle('account_exists', (scope, email) => this.tellOwner(scope, email));
  }

  /**
   * Creates an account. For an address that has one already the answer is the same, nothing is created, and the owner is told by mail (R151);
   * an account that has not proved the address is contested then.
   *
   * Who brings an invitation has the mailbox: sign-up is open to them, their address is verified and they are told when it has an account
   * (R023). They become a member with the account or not at all.
   * @throws SignUpDisabled, FormRejected, WeakPassword, UsernameTaken; with an invitation also EmailTaken, InvalidInvitation,
   * InvitationOfAnother, InvitationLapsed, OrganizationFull, OrganizationInactive
   */
  async signUp(
    scope: EnvScope,
    { invitationToken, ...requested }: SignUpRequested,
    client: ClientInfo,
  ): Promise<SignedUp> {
    const tenant = await this.tenants.get(scope);
    const { signupEnabled, passwordEnabled } = tenant.client;
    if (!passwordEnabled || (!signupEnabled && invitationToken === undefined)) throw new SignUpDisabled();
    await this.limits.require(scope, tenant.limits.signUp, client);
    const invitation =
      invitationToken === undefined
        ? undefined
        : await this.invitations.forAddress(scope, invitationToken, requested.email);
    const input = { ...requested, metadata: await this.submitted.atSignUp(scope, requested.metadata) };
    this.policy.require(input.password, { email: input.email, tenant }, 'password');
    await this.hooks.run('before.sign_up', { scope, input, client });
    // Looked at before the address, so that a taken username answers alike whether or not the address is taken too.
    const taken = input.username && (await this.users.findByUsername(scope, input.username.canonical));
    if (taken) throw new UsernameTaken();
    const known = await this.users.findByEmail(scope, input.email);
    const signedUp = known === undefined ? await this.create(scope, input, client, invitation) : undefined;
    if (signedUp !== undefined) return signedUp;
    if (invitation !== undefined) throw new EmailTaken();
    const rival = known ?? (await this.users.findByEmail(scope, input.email));
    if (rival !== undefined) await this.contested.claim(scope, rival, input.password);
    await this.requests.request(scope, 'account_exists', input.email);
    return this.decoys.make(tenant, input, client);
  }

  /** @returns undefined when somebody else has just been faster. */
  private async create(
    scope: EnvScope,
    input: SignUpInput,
    client: ClientInfo,
    invitation: InvitationEntity | undefined,
  ): Promise<SignedUp | undefined> {
    const passwordHash = await this.passwords.hash(input.password);
    return this.database.transaction(async () => {
      const emailVerified = invitation !== undefined;
      const user = await this.users.create(scope, { ...input, passwordHash, emailVerified }, ANONYMOUS);
      if (user === undefined) return undefined;
      if (!emailVerified) await this.verification.send(scope, { id: user.id, email: input.email });
      await this.events.record(scope, 'auth.signup', user.id, { user_id: user.id });
      const actor = { kind: 'user', id: user.id } as const;
      this.audit.record(scope, { action: 'auth.sign_up', actor });
      if (invitation !== undefined) await this.invitations.join(scope, invitation, user.id, actor);
      const { client: policy } = await this.tenants.get(scope);
      if (policy.requireEmailVerification && !emailVerified) return { user };
      return { user, issued: await this.issuer.issue(scope, { user, methods: ['pwd'], client }) };
    });
  }

  /** An account that is not verified gets its code again; a verified one is told that somebody tried. */
  private async tellOwner(scope: EnvScope, email: string): Promise<void> {
    const known = await this.users.findByEmail(scope, email);
    if (known === undefined) return;
    if (!known.user.emailVerified) return this.verification.sendAgain(scope, email);
    await this.database.transaction(() => this.mails.accountExists(scope, { id: known.user.id, email }));
  }
}
