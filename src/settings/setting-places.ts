import { Injectable } from '@nestjs/common';
import { requireEveryApp, requireReach } from '../http/access/reach.js';
import { type ResolvedTenant, TenantDirectory } from '../http/tenancy/tenant-directory.js';
import { AppContextRequired, ForeignTenant, TenantDisagreement } from '../http/tenancy/tenancy.problems.js';
import type { UserPrincipal } from '../kernel/context/principal.js';
import { ResourceNotFound } from '../kernel/errors/common-problems.js';
import { type Id, parseId } from '../kernel/ids/id.js';
import type { SettingContext, SettingScope } from './setting-definition.js';
import { type SettingPlace, settingPlace } from './setting-place.js';
import { SettingsSystemRepository } from './settings.system-repository.js';

/** What a request names. */
export interface NamedPlace {
  readonly scope: SettingScope;
  readonly scope_id?: string;
  readonly app_id?: string;
}

/** A place that exists and that the caller reaches. */
export interface FoundPlace {
  readonly place: SettingPlace;
  readonly environmentType: SettingContext['environmentType'];
}

/** Finds what an operator means by a level and an id, and refuses what they do not reach. */
@Injectable()
export class SettingPlaces {
  constructor(
    private readonly directory: TenantDirectory,
    private readonly settings: SettingsSystemRepository,
  ) {}

  /** @throws InsufficientPermissions, ForeignTenant, AppContextRequired, ResourceNotFound, MalformedId */
  async find(caller: UserPrincipal, { scope, scope_id, app_id }: NamedPlace): Promise<FoundPlace> {
    switch (scope) {
      case 'global':
        requireEveryApp(caller);
        return { place: settingPlace.global(), environmentType: undefined };
      case 'app': {
        if (app_id !== undefined && scope_id !== undefined && app_id !== scope_id) {
          throw new TenantDisagreement({ detail: 'app_id does not match scope_id' });
        }
        const { scope: app } = await this.appOf(caller, app_id ?? scope_id);
        return { place: settingPlace.app(app), environmentType: undefined };
      }
      case 'environment': {
        const { scope: app } = await this.appOf(caller, app_id);
        const environment = await this.directory.forOperator(app.appId, parseId('environment', scope_id));
        if (environment === undefined) throw new ResourceNotFound({ detail: 'environment not found' });
        return { place: settingPlace.environment(environment.scope), environmentType: environment.environmentType };
      }
      case 'user': {
        const { scope: app } = await this.appOf(caller, app_id);
        return this.ofUser(app.appId, parseId('user', scope_id));
      }
      case 'organization': {
        const { scope: app } = await this.appOf(caller, app_id);
        return this.ofOrganization(app.appId, parseId('organization', scope_id));
      }
    }
  }

  /** The most specific of what is named; nothing named: the deployment. @throws as {@link find} */
  resolve(
    caller: UserPrincipal,
    { app_id, env_id, org_id, user_id }: { app_id?: string; env_id?: string; org_id?: string; user_id?: string },
  ): Promise<FoundPlace> {
    const app = app_id === undefined ? {} : { app_id };
    if (user_id !== undefined) return this.find(caller, { scope: 'user', scope_id: user_id, ...app });
    if (org_id !== undefined) return this.find(caller, { scope: 'organization', scope_id: org_id, ...app });
    if (env_id !== undefined) return this.find(caller, { scope: 'environment', scope_id: env_id, ...app });
    return this.find(caller, { scope: app_id === undefined ? 'global' : 'app', ...app });
  }

  private async appOf(caller: UserPrincipal, raw: string | undefined): Promise<ResolvedTenant> {
    if (raw === undefined) throw new AppContextRequired({ detail: 'name the app: app_id is required' });
    const appId = parseId('app', raw);
    requireReach(caller, appId);
    const tenant = await this.directory.forOperator(appId);
    if (tenant === undefined) throw new ForeignTenant();
    return tenant;
  }

  private async ofUser(appId: Id<'app'>, userId: Id<'user'>): Promise<FoundPlace> {
    const envId = await this.settings.anyTenantEnvironmentOfUser(appId, userId);
    const environment = envId && (await this.directory.forOperator(appId, envId));
    if (!environment) throw new ResourceNotFound({ detail: 'user not found' });
    return {
      place: settingPlace.user(environment.scope, userId),
      environmentType: environment.environmentType,
    };
  }

  private async ofOrganization(appId: Id<'app'>, orgId: Id<'organization'>): Promise<FoundPlace> {
    const envId = await this.settings.anyTenantEnvironmentOfOrganization(appId, orgId);
    const environment = envId && (await this.directory.forOperator(appId, envId));
    if (!environment) throw new ResourceNotFound({ detail: 'organization not found' });
    return {
      place: settingPlace.organization(environment.scope, orgId),
      environmentType: environment.environmentType,
    };
  }
}
