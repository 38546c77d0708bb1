import { type AppScope, type EnvScope, scopeTo } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import type { SettingScope } from './setting-definition.js';

/** What a value is set on, with the tenant it belongs to. */
export interface SettingPlace {
  readonly scope: SettingScope;
  /** Empty for the deployment. */
  readonly scopeId: string;
  readonly appId: Id<'app'> | null;
  readonly envId: Id<'environment'> | null;
  readonly orgId: Id<'organization'> | null;
  readonly userId: Id<'user'> | null;
}

const NOWHERE = { appId: null, envId: null, orgId: null, userId: null };

/** Places, from what gives the right to them. */
export const settingPlace = {
  global: (): SettingPlace => ({ ...NOWHERE, scope: 'global', scopeId: '' }),
  app: ({ appId }: AppScope): SettingPlace => ({ ...NOWHERE, scope: 'app', scopeId: appId, appId }),
  environment: ({ appId, envId }: EnvScope): SettingPlace => ({
    ...NOWHERE,
    scope: 'environment',
    scopeId: envId,
    appId,
    envId,
  }),
  organization: ({ appId, envId }: EnvScope, orgId: Id<'organization'>): SettingPlace => ({
    ...NOWHERE,
    scope: 'organization',
    scopeId: orgId,
    appId,
    envId,
    orgId,
  }),
  user: ({ appId, envId }: EnvScope, userId: Id<'user'>): SettingPlace => ({
    ...NOWHERE,
    scope: 'user',
    scopeId: userId,
    appId,
    envId,
    userId,
  }),
};

/** The place itself and everything more general that may decide there. */
export function lineage(place: SettingPlace): SettingPlace[] {
  const { appId, envId } = place;
  return [
    settingPlace.global(),
    ...(appId === null ? [] : [{ ...NOWHERE, scope: 'app' as const, scopeId: appId, appId }]),
    ...(appId === null || envId === null
      ? []
      : [{ ...NOWHERE, scope: 'environment' as const, scopeId: envId, appId, envId }]),
    place,
  ].filter(({ scope }, index, all) => all.findIndex((other) => other.scope === scope) === index);
}

/** The tenant of a place; undefined for the deployment, which belongs to none. */
export function scopeOf({ appId, envId }: SettingPlace): AppScope | EnvScope | undefined {
  if (appId === null) return undefined;
  return envId === null ? scopeTo.app(appId) : scopeTo.env(appId, envId);
}

/** What a sealed value is bound to: moved to another place or key it does not open (R310). */
export function sealOf({ scope, scopeId }: Pick<SettingPlace, 'scope' | 'scopeId'>, key: string): string {
  return `setting_values/sealed/${scope}/${scopeId}/${key}`;
}
