import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { DevicesService } from '../devices/devices.service.js';
import type { SessionPolicy } from '../environments/tenant-record.js';
import { TenantRecords } from '../environments/tenant-records.js';
import { type Actor, AuditTrail } from '../kernel/audit/audit-trail.js';
import { Clock } from '../kernel/clock/clock.js';
import type { ClientInfo } from '../kernel/context/client-info.js';
import { type EnvScope, sameTenant, scopeTo } from '../kernel/context/scope.js';
import { Events } from '../kernel/events/events.js';
import { Database } from '../kernel/persistence/database.js';
import { SESSION_CHANGED } from './session-cache.js';
import { SessionEndings } from './session-endings.js';
import { judgeRefresh } from './session.rules.js';
import type { SessionEntity } from './session.entity.js';
import { earlier } from './session-issuer.js';
import { SessionTokens } from './session-tokens.js';
import { InvalidCredentials } from './sessions.problems.js';
import { SessionsSystemRepository } from './sessions.system-repository.js';
import { type IssuedTokens, TokenIssuer } from './token-issuer.js';

/** How often a refresh that lost a race looks again: the winner's row then says that this is a repeat. */
const MOST_ATTEMPTS = 3;

/** Refresh with rotation (RFC 9700 §4.14.2, decision D1). */
@Injectable()
export class TokenRefresher {
  constructor(
    private readonly sessions: SessionsSystemRepository,
    private readonly tenants: TenantRecords,
    private readonly devices: DevicesService,
    private readonly endings: SessionEndings,
    private readonly secrets: SessionTokens,
    private readonly tokens: TokenIssuer,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /**
   * Exchanges a refresh token for its successor.
   * @param named the environment the request names; a token of another one is refused and stays usable (R069).
   * @throws InvalidCredentials, whatever the reason.
   */
  async refresh(refreshToken: string, client: ClientInfo, named: EnvScope | undefined): Promise<IssuedTokens> {
    const claim = this.secrets.readRefresh(refreshToken);
    if (claim === undefined) throw new InvalidCredentials();
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      const session = await this.sessions.anyTenantByLocator(claim.locator);
      if (session === undefined) break;
      const scope = scopeTo.env(session.appId, session.envId);
      if (named !== undefined && !sameTenant(named, scope)) break;
      const { sessions: policy } = await this.tenants.get(scope);
      const rules = { ...this.config.sessions, rotates: policy.rotateRefreshToken };
      const verdict = judgeRefresh(session, claim.generation, rules, this.clock.nowMs());
      if (verdict === 'replay') await this.burn(scope, session);
      if (verdict === 'replay' || verdict === 'over') break;
      if (!(await this.isSameClient(scope, session, client, policy))) break;
      const tokens =
        verdict === 'repeat'
          ? await this.tokens.issue(session)
          : await this.rotate(scope, session, policy, policy.rotateRefreshToken ? 1 : 0);
      if (tokens !== undefined) return tokens;
    }
    throw new InvalidCredentials();
  }

  /** New tokens for the caller's own session, whose old ones stop working: after a password change (R015). */
  async renew(scope: EnvScope, locator: Buffer): Promise<IssuedTokens> {
    const { sessions: policy } = await this.tenants.get(scope);
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      const session = await this.sessions.anyTenantByLocator(locator);
      if (session === undefined || session.endedAt !== null) break;
      // Two steps ahead: one behind would still pass as a repeat, and whoever stole the old token would get the new ones.
      const tokens = await this.rotate(scope, session, policy, 2);
      if (tokens !== undefined) return tokens;
    }
    throw new InvalidCredentials();
  }

  /** @returns undefined when somebody else rotated first. */
  private async rotate(
    scope: EnvScope,
    session: SessionEntity,
    policy: SessionPolicy,
    refreshStep: 0 | 1 | 2,
  ): Promise<IssuedTokens | undefined> {
    const now = this.clock.now();
    const in_ = (ms: number): Date => earlier(new Date(now.getTime() + ms), session.absoluteExpiresAt);
    const next = {
      accessHash: this.tokens.accessHash(session.locator, session.accessGeneration + 1, policy.tokenFormat),
      keyId: this.tokens.activeKeyId,
      tokenFormat: policy.tokenFormat,
      expiresAt: in_(policy.accessTokenTtlMs),
      refreshTokenExpiresAt: refreshStep === 0 ? session.refreshTokenExpiresAt : in_(policy.refreshTokenTtlMs),
    };
    const rotated = await this.sessions.anyTenantRotate(session, next, refreshStep, now, () => {
      this.audit.record(scope, {
        action: 'session.refresh',
        actor: holderOf(session),
        target: { type: 'session', id: session.id },
      });
      this.database.announce(SESSION_CHANGED + session.id);
    });
    return rotated && this.tokens.issue(rotated);
  }

  /** A rotated-out token came back: whoever has it, the family is not safe. The alert is raised once (R066). */
  private burn(scope: EnvScope, session: SessionEntity): Promise<void> {
    return this.database.transaction(async () => {
      if (!(await this.sessions.anyTenantBurn(session.id, this.clock.now()))) return;
      const { userId, id, familyId } = session;
      const payload = { user_id: userId, session_id: id, family_id: familyId };
      await this.events.record(scope, 'auth.refresh_token_replayed', userId, payload);
      this.audit.record(scope, {
        action: 'session.refresh_token_replayed',
        outcome: 'failure',
        // In the person's own trail: they see from where it came, and it goes when they are erased (R294, R296).
        actor: holderOf(session),
        target: { type: 'session', id },
        metadata: { family_id: familyId },
      });
      this.database.notify(SESSION_CHANGED + id);
      const ended = { id, impersonatedBy: session.impersonatedBy, ofOperator: true };
      await this.endings.follow(scope, userId, [ended], 'replayed', holderOf(session));
    });
  }

  /** Binding, judged as for an access token: a stolen pair must not open with its other half what this half does not (R036, R037). */
  private async isSameClient(
    scope: EnvScope,
    { userId, ipAddress, userAgent, deviceId }: SessionEntity,
    client: ClientInfo,
    { bindToIp, bindToDevice }: SessionPolicy,
  ): Promise<boolean> {
    if (bindToIp && ipAddress !== (client.ipAddress ?? null)) return false;
    if (!bindToDevice) return true;
    if (userAgent !== (client.userAgent ?? null)) return false;
    const { deviceToken } = client;
    if (deviceToken === undefined || deviceId === null) return true;
    return this.devices.isSecretOf(scope, userId, deviceId, deviceToken);
  }
}

function holderOf({ id, userId, impersonatedBy }: SessionEntity): Actor {
  return { kind: 'user', id: userId, sessionId: id, ...(impersonatedBy !== null && { impersonatedBy }) };
}
