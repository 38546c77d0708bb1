import { Injectable } from '@nestjs/common';
import {
  ALLOWED_ORIGINS,
  APP_NAME,
  BIND_TO_DEVICE,
  BIND_TO_IP,
  DELETED_USERS_KEPT,
  LOCKOUT_MAX_ATTEMPTS,
  LOGO_URL,
  MAX_ACTIVE_SESSIONS,
  PASSWORD_ENABLED,
  PASSWORD_MIN_LENGTH,
  RATE_LIMIT_WINDOW,
  REFRESH_TOKEN_TTL,
  REQUIRE_EMAIL_VERIFICATION,
  ROTATE_REFRESH_TOKEN,
  SIGNIN_RATE_LIMIT,
  SIGNUP_ENABLED,
  SIGNUP_RATE_LIMIT,
  TOKEN_FORMAT,
  TOKEN_TTL,
} from '../apps/tenant-settings.js';
import { TENANT_CHANGED } from '../http/tenancy/tenant-changed.js';
import { Config } from '../config/config.js';
import { OriginList } from '../http/security/origins.js';
import { TenantDirectory } from '../http/tenancy/tenant-directory.js';
import { SLUG } from '../http/validation/slug.decorator.js';
import { type EnvScope, scopeTo } from '../kernel/context/scope.js';
import { type Id, isId } from '../kernel/ids/id.js';
import type { RateLimit } from '../kernel/limits/rate-limits.js';
import { LiveCache } from '../kernel/notifications/live-cache.js';
import { Notifications } from '../kernel/notifications/notifications.js';
import { SettingValues } from '../settings/setting-resolution.js';
import { isPublishableKey } from './environment.rules.js';
import { EnvironmentNotFound } from './environments.problems.js';
import type { SessionPolicy, TenantRecord } from './tenant-record.js';
import { type TenantRow, TenantsSystemRepository } from './tenants.system-repository.js';

const DAY_MS = 86_400_000;
const MOST_CACHED = 10_000;

/** Tenants by whatever names them, from memory. Tenants change rarely, so any change throws everything away. */
@Injectable()
export class TenantRecords extends TenantDirectory {
  readonly #records: LiveCache<TenantRecord>;
  readonly #origins: LiveCache<OriginList>;

  constructor(
    private readonly repository: TenantsSystemRepository,
    private readonly config: Config,
    notifications: Notifications,
  ) {
    super();
    this.#records = new LiveCache(notifications, TENANT_CHANGED, MOST_CACHED);
    this.#origins = new LiveCache(notifications, TENANT_CHANGED, 1);
  }

  override async byPublishableKey(key: string): Promise<TenantRecord | undefined> {
    if (!isPublishableKey(key)) return undefined;
    return serving(await this.remember(`key ${key}`, () => this.repository.anyTenantByKey(key)));
  }

  override async byApp(appId: Id<'app'>, environment?: string): Promise<TenantRecord | undefined> {
    return serving(await this.forOperator(appId, environment));
  }

  override forOperator(appId: Id<'app'>, environment?: string): Promise<TenantRecord | undefined> {
    if (environment === undefined) {
      return this.remember(`default ${appId}`, () => this.repository.anyTenantDefault(appId));
    }
    if (isId('environment', environment)) return this.byIds(appId, environment);
    if (!SLUG.test(environment)) return Promise.resolve(undefined);
    return this.remember(`slug ${appId} ${environment}`, () => this.repository.anyTenantBySlug(appId, environment));
  }

  override async byScope({ appId, envId }: EnvScope): Promise<TenantRecord | undefined> {
    return serving(await this.byIds(appId, envId));
  }

  override publishableKeyOf({ appId, envId }: EnvScope): Promise<string | undefined> {
    return this.repository.anyTenantKey(appId, envId);
  }

  override recall({ appId, envId }: EnvScope): TenantRecord | undefined {
    const known = this.#records.recall(envId);
    return known?.scope.appId === appId ? serving(known) : undefined;
  }

  /** @throws EnvironmentNotFound when it was deleted meanwhile. */
  async get(scope: EnvScope): Promise<TenantRecord> {
    const record = await this.byScope(scope);
    if (record === undefined) throw new EnvironmentNotFound();
    return record;
  }

  override allOrigins(): Promise<OriginList> {
    return this.#origins.remember('all', async () => {
      // Wider than what holds anywhere: each answer is checked against its own environment.
      const local = ALLOWED_ORIGINS.default({ config: this.config, environmentType: 'development' });
      return new OriginList([...local, ...(await this.repository.anyTenantOrigins(ALLOWED_ORIGINS.key))]);
    });
  }

  private async byIds(appId: Id<'app'>, envId: Id<'environment'>): Promise<TenantRecord | undefined> {
    const record = await this.remember(envId, () => this.repository.anyTenantById(appId, envId));
    // Operators name app and environment apart: the environment of another app is no environment of this one (R173).
    return record?.scope.appId === appId ? record : undefined;
  }

  private remember(slot: string, read: () => Promise<TenantRow | undefined>): Promise<TenantRecord | undefined> {
    return this.#records.remember(slot, async () => {
      const row = await read();
      return row === undefined ? undefined : this.resolve(row);
    });
  }

  private resolve(row: TenantRow): TenantRecord {
    const settings = new SettingValues(row.levels, { config: this.config, environmentType: row.type });
    return {
      scope: scopeTo.env(row.appId, row.envId),
      environmentType: row.type,
      origins: new OriginList(settings.get(ALLOWED_ORIGINS)),
      appName: settings.get(APP_NAME) || row.appName,
      logoUrl: settings.get(LOGO_URL) || (row.appLogo ?? undefined),
      isPlatform: row.isPlatform,
      active: row.active,
      sessions: this.sessionPolicy(settings),
      client: {
        signupEnabled: settings.get(SIGNUP_ENABLED),
        passwordEnabled: settings.get(PASSWORD_ENABLED),
        requireEmailVerification: settings.get(REQUIRE_EMAIL_VERIFICATION),
      },
      passwords: {
        leastLength: settings.get(PASSWORD_MIN_LENGTH),
        mostFailures: settings.get(LOCKOUT_MAX_ATTEMPTS),
      },
      deletedUsersKeptMs: settings.get(DELETED_USERS_KEPT) * DAY_MS,
      limits: {
        signIn: limitOf('signInOfTenant', settings.get(SIGNIN_RATE_LIMIT), settings.get(RATE_LIMIT_WINDOW)),
        signUp: limitOf('signUpOfTenant', settings.get(SIGNUP_RATE_LIMIT), settings.get(RATE_LIMIT_WINDOW)),
      },
    };
  }

  private sessionPolicy(settings: SettingValues): SessionPolicy {
    const tokenFormat = settings.get(TOKEN_FORMAT);
    const chosenMs = settings.get(TOKEN_TTL) * 1_000;
    return {
      tokenFormat,
      // A JWT cannot be taken back at third parties, so a tenant may only shorten its life.
      accessTokenTtlMs: tokenFormat === 'jwt' ? Math.min(chosenMs, this.config.sessions.jwtTtlMs) : chosenMs,
      refreshTokenTtlMs: settings.get(REFRESH_TOKEN_TTL) * 1_000,
      mostActive: settings.get(MAX_ACTIVE_SESSIONS),
      rotateRefreshToken: settings.get(ROTATE_REFRESH_TOKEN),
      bindToIp: settings.get(BIND_TO_IP),
      bindToDevice: settings.get(BIND_TO_DEVICE),
    };
  }
}

/** An app that is switched off answers to operators alone. */
function serving(record: TenantRecord | undefined): TenantRecord | undefined {
  return record?.active === true ? record : undefined;
}

function limitOf(name: string, count: number, windowSeconds: number): RateLimit | undefined {
  return count === 0 ? undefined : { name, count, windowMs: windowSeconds * 1_000 };
}
