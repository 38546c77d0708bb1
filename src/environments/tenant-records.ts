import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { TENANT_CHANGED } from '../apps/tenant-changed.js';
import { Config } from '../config/config.js';
import { OriginList } from '../http/security/origins.js';
import { TenantDirectory } from '../http/tenancy/tenant-directory.js';
import { SLUG } from '../http/validation/slug.decorator.js';
import { type EnvScope, scopeTo } from '../kernel/context/scope.js';
import { type Id, isId } from '../kernel/ids/id.js';
import { Notifications } from '../kernel/notifications/notifications.js';
import { allowedOrigins, isPublishableKey, requiresVerification } from './environment.rules.js';
import { EnvironmentNotFound } from './environments.problems.js';
import type { TenantRecord } from './tenant-record.js';
import { type TenantRow, TenantsSystemRepository } from './tenants.system-repository.js';

const MOST_CACHED = 10_000;

/**
 * Tenants by whatever names them, from memory. Tenants change rarely, so any change throws everything away; while changes may go
 * unheard, nothing is taken from memory.
 */
@Injectable()
export class TenantRecords extends TenantDirectory {
  readonly #records = new LRUCache<string, TenantRecord>({ max: MOST_CACHED });
  #origins: OriginList | undefined;
  /** Counts what was thrown away, so that a read which began before does not put its stale answer back. */
  #round = 0;

  constructor(
    private readonly repository: TenantsSystemRepository,
    private readonly notifications: Notifications,
    private readonly config: Config,
  ) {
    super();
    notifications.on(TENANT_CHANGED, () => this.forget());
    notifications.onReset(() => this.forget());
  }

  override byPublishableKey(key: string): Promise<TenantRecord | undefined> {
    if (!isPublishableKey(key)) return Promise.resolve(undefined);
    return this.remember(`key ${key}`, () => this.repository.anyTenantByKey(key));
  }

  override byApp(appId: Id<'app'>, environment?: string): Promise<TenantRecord | undefined> {
    if (environment === undefined) {
      return this.remember(`default ${appId}`, () => this.repository.anyTenantDefault(appId));
    }
    if (isId('environment', environment)) return this.byScope(scopeTo.env(appId, environment));
    if (!SLUG.test(environment)) return Promise.resolve(undefined);
    return this.remember(`slug ${appId} ${environment}`, () => this.repository.anyTenantBySlug(appId, environment));
  }

  override async byScope({ appId, envId }: EnvScope): Promise<TenantRecord | undefined> {
    const record = await this.remember(envId, () => this.repository.anyTenantById(appId, envId));
    // Operators name app and environment apart: the environment of another app is no environment of this one (R173).
    return record?.scope.appId === appId ? record : undefined;
  }

  override recall({ appId, envId }: EnvScope): TenantRecord | undefined {
    const known = this.notifications.isLive ? this.#records.get(envId) : undefined;
    return known?.scope.appId === appId ? known : undefined;
  }

  /** @throws EnvironmentNotFound when it was deleted meanwhile. */
  async get(scope: EnvScope): Promise<TenantRecord> {
    const record = await this.byScope(scope);
    if (record === undefined) throw new EnvironmentNotFound();
    return record;
  }

  override async allOrigins(): Promise<OriginList> {
    if (this.#origins !== undefined && this.notifications.isLive) return this.#origins;
    const round = this.#round;
    const rows = await this.repository.anyTenantOrigins();
    const origins = new OriginList(
      rows.flatMap((row) => allowedOrigins(row.type, row.origins === null ? {} : { allowed_origins: row.origins })),
    );
    if (round === this.#round) this.#origins = origins;
    return origins;
  }

  private forget(): void {
    this.#round += 1;
    this.#records.clear();
    this.#origins = undefined;
  }

  private async remember(slot: string, read: () => Promise<TenantRow | undefined>): Promise<TenantRecord | undefined> {
    const known = this.notifications.isLive ? this.#records.get(slot) : undefined;
    if (known !== undefined) return known;
    const round = this.#round;
    const row = await read();
    if (row === undefined) return undefined;
    const record = this.resolve(row);
    if (round === this.#round) this.#records.set(slot, record);
    return record;
  }

  private resolve(row: TenantRow): TenantRecord {
    const { sessions } = this.config;
    const tokenFormat = row.tokenFormat ?? sessions.tokenFormat;
    const ceiling = tokenFormat === 'jwt' ? sessions.jwtTtlMs : sessions.accessTokenTtlMs;
    const chosen = row.tokenTtlSeconds === null ? ceiling : row.tokenTtlSeconds * 1_000;
    return {
      scope: scopeTo.env(row.appId, row.envId),
      origins: new OriginList(allowedOrigins(row.type, row.settings)),
      appName: row.appName,
      logoUrl: row.appLogo ?? undefined,
      isPlatform: row.isPlatform,
      environmentType: row.type,
      sessions: {
        tokenFormat,
        // A JWT cannot be taken back at third parties, so an app may only shorten its life.
        accessTokenTtlMs: tokenFormat === 'jwt' ? Math.min(chosen, ceiling) : chosen,
        refreshTokenTtlMs:
          row.refreshTokenTtlSeconds === null ? sessions.refreshTokenTtlMs : row.refreshTokenTtlSeconds * 1_000,
        mostActive: row.maxActiveSessions ?? sessions.mostActive,
        rotateRefreshToken: row.rotateRefreshToken ?? true,
        bindToIp: row.bindToIp ?? false,
        bindToDevice: row.bindToDevice ?? false,
      },
      client: {
        signupEnabled: row.signupEnabled ?? true,
        passwordEnabled: row.passwordEnabled ?? true,
        requireEmailVerification: requiresVerification(row.type, row.settings, row.requireEmailVerification),
      },
    };
  }
}
