import { Injectable } from '@nestjs/common';
import { Clock } from '../kernel/clock/clock.js';
import { type EnvScope, sameTenant, scopeTo } from '../kernel/context/scope.js';
import { hashToken } from '../kernel/crypto/token.js';
import { isBanned } from '../users/user.rules.js';
import { Config } from '../config/config.js';
import { AccessJwts } from './access-jwt.js';
import type { IntrospectResponse } from './dto/introspect.dto.js';
import { SessionsSystemRepository } from './sessions.system-repository.js';

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
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /** @param named the caller's environment, if it named one. */
  async introspect(token: string, named: EnvScope | undefined): Promise<IntrospectResponse> {
    const handle = token.includes('.') ? (await this.jwts.verify(token))?.jti : token;
    if (handle === undefined) return INACTIVE;
    const row = await this.sessions.anyTenantByAccessHash(hashToken(handle));
    const now = this.clock.now();
    const active =
      row !== undefined &&
      row.expiresAt > now &&
      row.absoluteExpiresAt > now &&
      row.lastActivityAt.getTime() + this.config.sessions.idleTtlMs > now.getTime() &&
      !isBanned(row, now) &&
      (named === undefined || sameTenant(named, scopeTo.env(row.appId, row.envId)));
    if (!active) return INACTIVE;
    return {
      active: true,
      user_id: row.id,
      app_id: row.appId,
      env_id: row.envId,
      ...(row.orgId === null ? {} : { org_id: row.orgId }),
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
}
