import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../kernel/clock/clock.js';
import { type EnvScope, sameTenant, scopeTo } from '../kernel/context/scope.js';
import { DomainError } from '../kernel/errors/problem.js';
import { type KeyManager, SERVICE_KEYS } from '../keys-bridge/key-manager.js';
import { KeyManagerNotAvailable } from '../keys-bridge/keys-bridge.problems.js';
import { hashToken } from '../kernel/crypto/token.js';
import { isBanned } from '../users/user.rules.js';
import { Config } from '../config/config.js';
import { AccessJwts, actorClaim, speaksOf } from './access-jwt.js';
import type { IntrospectResponse } from './dto/introspect.dto.js';
import { Memberships } from '../http/access/memberships.js';
import { OPAQUE_TOKEN } from './session-tokens.js';
import { type SessionRow, SessionsSystemRepository } from './sessions.system-repository.js';

const INACTIVE: IntrospectResponse = { active: false };

/**
 * Answers other services that were handed a token. Unlike a check of our own routes it is not bound to the client's address or device, which
 * only the original client shows.
 */
@Injectable()
export class TokenIntrospector {
  constructor(
    private readonly sessions: SessionsSystemRepository,
    private readonly jwts: AccessJwts,
    private readonly memberships: Memberships,
    @Inject(SERVICE_KEYS) private readonly keys: KeyManager,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /** @param named the caller's environment, if it named one. */
  async introspect(token: string, named: EnvScope | undefined): Promise<IntrospectResponse> {
    if (!OPAQUE_TOKEN.test(token) && !token.includes('.')) return this.introspectKey(token, named);
    const row = await this.find(token);
    const now = this.clock.now();
    const active =
      row !== undefined &&
      row.expiresAt > now &&
      row.absoluteExpiresAt > now &&
      row.lastActivityAt.getTime() + this.config.sessions.idleTtlMs > now.getTime() &&
      !isBanned(row, now) &&
      (named === undefined || sameTenant(named, scopeTo.env(row.appId, row.envId)));
    if (!active) return INACTIVE;
    const scope = scopeTo.env(row.appId, row.envId);
    const role = row.orgId === null ? undefined : await this.memberships.roleOf(scope, row.orgId, row.id);
    // A token that acts for an organization is good while its owner belongs there (R196).
    if (row.orgId !== null && role === undefined) return INACTIVE;
    return {
      active: true,
      user_id: row.id,
      app_id: row.appId,
      env_id: row.envId,
      ...(row.orgId === null || role === undefined ? {} : { org_id: row.orgId, org_role: role }),
      ...actorClaim(row),
      session_id: row.sessionId,
      expires_at: row.expiresAt.toISOString(),
      user: {
        id: row.id,
        email: row.email ?? '',
        ...(row.firstName === '' ? {} : { first_name: row.firstName }),
        ...(row.lastName === '' ? {} : { last_name: row.lastName }),
        ...(row.username === null ? {} : { username: row.username }),
      },
    };
  }

  /**
   * A key that may be used at this moment. It counts as a use that costs no credits: what is asked about here is about to be used, and a limit that
   * does not count it would be none. Whoever wants scopes and costs checked too, verifies the key instead.
   */
  private async introspectKey(rawKey: string, named: EnvScope | undefined): Promise<IntrospectResponse> {
    try {
      const options = { cost: 0, tag: 'introspection', ...(named && { scope: named }) };
      const { id, owner, scope, scopes, expiresAt } = await this.keys.validateKey(rawKey, options);
      return {
        active: true,
        app_id: scope.appId,
        env_id: scope.envId,
        key_id: id,
        owner_kind: owner.kind,
        owner_id: owner.id,
        ...(owner.kind === 'user' ? { user_id: owner.id } : {}),
        ...(owner.kind === 'organization' ? { org_id: owner.id } : {}),
        scope: scopes.join(' '),
        ...(expiresAt === null ? {} : { expires_at: expiresAt.toISOString() }),
      };
    } catch (error) {
      // Not knowing is not the same as no; but where there are no keys at all, it is.
      const isUnknown = error instanceof DomainError && error.kind === 'unavailable';
      if (isUnknown && error.definition !== KeyManagerNotAvailable.definition) throw error;
      if (error instanceof DomainError) return INACTIVE;
      throw error;
    }
  }

  /** A JWT's `jti` alone finds nothing: it lies in logs, where the token does not. */
  private async find(token: string): Promise<SessionRow | undefined> {
    if (OPAQUE_TOKEN.test(token)) return this.sessions.anyTenantByAccessHash(hashToken(token));
    const claims = await this.jwts.verify(token);
    const row = claims && (await this.sessions.anyTenantByAccessHash(hashToken(claims.jti)));
    if (claims === undefined || row === undefined) return undefined;
    return speaksOf(claims, { id: row.sessionId, userId: row.id, appId: row.appId }) ? row : undefined;
  }
}
