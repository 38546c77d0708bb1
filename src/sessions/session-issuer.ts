import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { DevicesService } from '../devices/devices.service.js';
import type { SessionPolicy } from '../environments/tenant-record.js';
import { TenantRecords } from '../environments/tenant-records.js';
import { type Actor, AuditTrail, SYSTEM_ACTOR } from '../kernel/audit/audit-trail.js';
import { Clock } from '../kernel/clock/clock.js';
import type { ClientInfo } from '../kernel/context/client-info.js';
import type { UserPrincipal } from '../kernel/context/principal.js';
import type { EnvScope } from '../kernel/context/scope.js';
import { defineProblem } from '../kernel/errors/problem.js';
import { Events } from '../kernel/events/events.js';
import { type Id, IdGenerator } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import type { UserEntity } from '../users/user.entity.js';
import { isBanned } from '../users/user.rules.js';
import { UserBanned } from '../users/users.problems.js';
import type { SessionEntity } from './session.entity.js';
import { SessionEndings } from './session-endings.js';
import { SESSION_CHANGED } from './session-cache.js';
import './sessions.events.js';
import { InvalidCredentials } from './sessions.problems.js';
import { SessionsRepository } from './sessions.repository.js';
import { SessionsSystemRepository } from './sessions.system-repository.js';
import { SignInGates } from './sign-in-gates.js';
import { type IssuedTokens, TokenIssuer } from './token-issuer.js';

export const EmailNotVerified = defineProblem({
  code: 'email_not_verified',
  kind: 'forbidden',
  title: 'The e-mail address is not verified',
  detail: 'please verify your email address before signing in',
});

export interface SessionRequest {
  /** As it was when the credential was checked: its epoch decides whether the check still counts. */
  readonly user: UserEntity;
  /** How identity was proved, as RFC 8176 values (`pwd`, `otp`). */
  readonly methods: readonly string[];
  readonly client: ClientInfo;
}

export interface ImpersonationRequest {
  readonly user: UserEntity;
  /** With a session of their own. */
  readonly operator: UserPrincipal;
  readonly reason: string;
  /** After which no refresh helps. */
  readonly endsAt: Date;
  readonly client: ClientInfo;
}

export interface IssuedSession {
  readonly session: SessionEntity;
  readonly user: UserEntity;
  readonly tokens: IssuedTokens;
  /** A new device secret for the client to keep. */
  readonly deviceToken?: string;
}

/**
 * The one door (C6). Every way in — password, verified code, later passkey, link, SSO — ends here, so that bans, verification, gates and
 * the session cap cannot be walked around.
 */
@Injectable()
export class SessionIssuer {
  constructor(
    private readonly sessions: SessionsRepository,
    private readonly anySessions: SessionsSystemRepository,
    private readonly endings: SessionEndings,
    private readonly tenants: TenantRecords,
    private readonly devices: DevicesService,
    private readonly gates: SignInGates,
    private readonly tokens: TokenIssuer,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /** Whether a user may have a session now. @throws UserBanned, EmailNotVerified, or what a gate throws. */
  async admit(scope: EnvScope, { user, methods, client }: SessionRequest): Promise<void> {
    const tenant = await this.tenants.get(scope);
    if (isBanned(user, this.clock.now())) throw new UserBanned();
    if (tenant.client.requireEmailVerification && !user.emailVerified) throw new EmailNotVerified();
    await this.gates.pass(scope, { user, methods, client });
  }

  /**
   * Starts a session, in the caller's transaction if there is one.
   * @throws as {@link admit}; InvalidCredentials when the account changed while its credential was being checked.
   */
  async issue(scope: EnvScope, request: SessionRequest): Promise<IssuedSession> {
    await this.admit(scope, request);
    return this.issueAdmitted(scope, request);
  }

  /** As {@link issue}, for a caller that has just run {@link admit} itself, before opening its transaction. */
  issueAdmitted(scope: EnvScope, request: SessionRequest): Promise<IssuedSession> {
    return this.database.transaction(() => this.start(scope, request));
  }

  /**
   * Starts an operator's session as a user, in the caller's transaction. It is not the user's doing: their devices, their gates and their
   * cap have no part in it, and nobody counts it as activity of theirs. @throws UserBanned; InvalidCredentials when the account or the
   * operator's own session is over.
   */
  async impersonate(scope: EnvScope, request: ImpersonationRequest): Promise<IssuedSession> {
    const { user, operator, reason, endsAt, client } = request;
    if (isBanned(user, this.clock.now())) throw new UserBanned();
    const { sessions: policy } = await this.tenants.get(scope);
    const session: SessionEntity = {
      ...this.draw(scope, { user, methods: [], client }, policy, { deviceId: null, endsAt }),
      impersonatedBy: operator.userId,
      impersonatorSessionId: operator.sessionId,
      impersonationReason: reason,
    };
    if (!(await this.anySessions.anyTenantImpersonate(session))) throw new InvalidCredentials();
    return { session, user, tokens: (await this.tokens.issue(session)) as IssuedTokens };
  }

  private async start(scope: EnvScope, { user, methods, client }: SessionRequest): Promise<IssuedSession> {
    const { sessions: policy } = await this.tenants.get(scope);
    const actor: Actor = { kind: 'user', id: user.id };
    // Before the id is drawn, because ids tell which session is the oldest: the one that is being answered must not be evicted itself.
    if (policy.mostActive > 0) await this.sessions.lockUser(scope, user.id);
    const signedIn = await this.devices.signIn(scope, user.id, client, actor);
    const session = this.draw(scope, { user, methods, client }, policy, {
      deviceId: signedIn?.device.id ?? null,
      endsAt: this.clock.in(this.config.sessions.absoluteTtlMs),
    });
    if (!(await this.sessions.start(scope, session, user.authEpoch))) throw new InvalidCredentials();
    if (policy.mostActive > 0) await this.evict(scope, user, policy.mostActive);
    await this.events.record(scope, 'session.created', user.id, { user_id: user.id, session_id: session.id });
    this.audit.record(scope, {
      action: 'session.create',
      actor: { ...actor, sessionId: session.id },
      target: { type: 'session', id: session.id },
      metadata: { methods: session.authenticationMethods },
    });
    const tokens = (await this.tokens.issue(session)) as IssuedTokens;
    return { session, user, tokens, ...(signedIn?.token === undefined ? {} : { deviceToken: signedIn.token }) };
  }

  /** A session that is not stored yet. */
  private draw(
    scope: EnvScope,
    { user, methods, client }: SessionRequest,
    policy: SessionPolicy,
    { deviceId, endsAt }: { deviceId: Id<'device'> | null; endsAt: Date },
  ): SessionEntity {
    const now = this.clock.now();
    const nowMs = now.getTime();
    const locator = this.tokens.newLocator();
    return {
      id: this.ids.next('session'),
      appId: scope.appId,
      envId: scope.envId,
      userId: user.id,
      familyId: this.ids.next('session_family'),
      orgId: null,
      deviceId,
      impersonatedBy: null,
      impersonatorSessionId: null,
      impersonationReason: null,
      tokenFormat: policy.tokenFormat,
      accessHash: this.tokens.accessHash(locator, 0, policy.tokenFormat),
      locator,
      accessGeneration: 0,
      refreshGeneration: 0,
      keyId: this.tokens.activeKeyId,
      expiresAt: earlier(new Date(nowMs + policy.accessTokenTtlMs), endsAt),
      refreshTokenExpiresAt: earlier(new Date(nowMs + policy.refreshTokenTtlMs), endsAt),
      absoluteExpiresAt: endsAt,
      rotatedAt: now,
      lastActivityAt: now,
      authenticatedAt: now,
      authenticationMethods: [...methods],
      ipAddress: client.ipAddress ?? null,
      userAgent: client.userAgent ?? null,
      endedAt: null,
      endReason: null,
      replayedAt: null,
      createdAt: now,
      updatedAt: now,
    };
  }

  private async evict(scope: EnvScope, user: UserEntity, most: number): Promise<void> {
    const evicted = await this.sessions.evict(scope, user.id, most, this.clock.now());
    for (const { id } of evicted) {
      const payload = { user_id: user.id, session_id: id, reason: 'evicted' as const };
      await this.events.record(scope, 'session.revoked', user.id, payload);
      this.database.notify(SESSION_CHANGED + id);
    }
    await this.endings.follow(scope, user.id, evicted, 'evicted', SYSTEM_ACTOR);
  }
}

export function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}
