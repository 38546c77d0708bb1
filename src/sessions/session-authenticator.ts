import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import type { SessionPolicy } from '../environments/tenant-record.js';
import { TenantRecords } from '../environments/tenant-records.js';
import { Clock } from '../kernel/clock/clock.js';
import type { ClientInfo } from '../kernel/context/client-info.js';
import type { OperatorReach, UserPrincipal } from '../kernel/context/principal.js';
import { scopeTo } from '../kernel/context/scope.js';
import { equalInConstantTime, hashToken } from '../kernel/crypto/token.js';
import type { UserEntity } from '../users/user.entity.js';
import { isBanned } from '../users/user.rules.js';
import { SessionActivity } from './session-activity.js';
import { SessionCache, type ValidatedSession } from './session-cache.js';
import { type SessionRow, SessionsSystemRepository } from './sessions.system-repository.js';

/** Activity is written down at most this often per session, or four times per idle timeout if that is shorter. */
const COARSEST_ACTIVITY_MS = 60_000;

/**
 * Tells whose session a token opens: from memory without a query when it was checked before, with one query otherwise. Every rule that ends
 * a session early — expiry, idleness, bans, binding — is judged again on each request.
 */
@Injectable()
export class SessionAuthenticator {
  readonly #activityStepMs: number;

  constructor(
    private readonly cache: SessionCache,
    private readonly sessions: SessionsSystemRepository,
    private readonly activity: SessionActivity,
    private readonly tenants: TenantRecords,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {
    this.#activityStepMs = Math.min(COARSEST_ACTIVITY_MS, config.sessions.idleTtlMs / 4);
  }

  /**
   * @param handle the opaque token, or the `jti` of a JWT whose signature was verified.
   * @param client asked only for sessions that are bound to a client.
   * @returns undefined when the token opens nothing; a promise only when the database has to be asked.
   */
  authenticate(
    handle: string,
    client: () => ClientInfo,
  ): UserPrincipal | undefined | Promise<UserPrincipal | undefined> {
    const key = hash('sha256', handle, 'base64');
    const nowMs = this.clock.nowMs();
    const known = this.cache.get(key);
    // Another replica may have seen activity that this one did not: idleness is believed only from the database.
    if (known !== undefined && !this.isIdle(known, nowMs)) return this.admit(known, client, nowMs);
    return this.lookUp(key).then((session) => session && this.admit(session, client, nowMs));
  }

  private admit(session: ValidatedSession, client: () => ClientInfo, nowMs: number): UserPrincipal | undefined {
    if (!this.isValid(session, client, nowMs)) return undefined;
    this.noteActivity(session, nowMs);
    return session.principal;
  }

  private async lookUp(key: string): Promise<ValidatedSession | undefined> {
    const { round } = this.cache;
    const row = await this.sessions.anyTenantByAccessHash(Buffer.from(key, 'base64'));
    const tenant = row && (await this.tenants.byScope(scopeTo.env(row.appId, row.envId)));
    if (row === undefined || tenant === undefined) return undefined;
    const session = validated(row, tenant.sessions);
    this.cache.put(key, session, round);
    return session;
  }

  private isIdle(session: ValidatedSession, nowMs: number): boolean {
    return session.lastActivityMs + this.config.sessions.idleTtlMs <= nowMs;
  }

  private isValid(session: ValidatedSession, client: () => ClientInfo, nowMs: number): boolean {
    const { banned, banExpires } = session.principal.account as UserEntity;
    return (
      session.expiresAtMs > nowMs &&
      session.absoluteExpiresAtMs > nowMs &&
      !this.isIdle(session, nowMs) &&
      !(banned && isBanned({ banned, banExpires }, new Date(nowMs))) &&
      (session.boundAddress === undefined || session.boundAddress === (client().ipAddress ?? '')) &&
      (session.boundDevice === undefined || isBoundDevice(session.boundDevice, client()))
    );
  }

  private noteActivity(session: ValidatedSession, nowMs: number): void {
    if (nowMs - session.lastActivityMs < this.#activityStepMs) return;
    session.lastActivityMs = nowMs;
    this.activity.note(session.principal.sessionId, nowMs);
  }
}

function isBoundDevice(
  { userAgent, secretHash }: NonNullable<ValidatedSession['boundDevice']>,
  client: ClientInfo,
): boolean {
  if ((client.userAgent ?? null) !== userAgent) return false;
  const { deviceToken } = client;
  return deviceToken === undefined || secretHash === null || equalInConstantTime(hashToken(deviceToken), secretHash);
}

function validated(row: SessionRow, { bindToIp, bindToDevice }: SessionPolicy): ValidatedSession {
  const principal: UserPrincipal = {
    kind: 'user',
    scope: scopeTo.env(row.appId, row.envId),
    userId: row.id,
    sessionId: row.sessionId,
    deviceId: row.deviceId,
    orgId: row.orgId,
    impersonatedBy: row.impersonatedBy,
    authenticatedAtMs: row.authenticatedAt.getTime(),
    operator: reachOf(row),
    account: row,
  };
  return {
    principal,
    expiresAtMs: row.expiresAt.getTime(),
    absoluteExpiresAtMs: row.absoluteExpiresAt.getTime(),
    boundAddress: bindToIp ? (row.ipAddress ?? '') : undefined,
    boundDevice: bindToDevice ? { userAgent: row.userAgent, secretHash: row.deviceSecretHash } : undefined,
    lastActivityMs: row.lastActivityAt.getTime(),
  };
}

function reachOf({ everyApp, operatorApps }: SessionRow): OperatorReach | undefined {
  if (everyApp === null) return undefined;
  return everyApp ? 'every_app' : new Set(operatorApps ?? []);
}
