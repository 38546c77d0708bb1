import type { Id } from '../ids/id.js';

declare const minted: unique symbol;

/** The right to reach the rows of one app. A value that code must hold, not a filter to remember. */
export interface AppScope {
  readonly appId: Id<'app'>;
  readonly [minted]: true;
}

/** The right to reach the rows of one environment of one app. */
export interface EnvScope extends AppScope {
  readonly envId: Id<'environment'>;
}

/**
 * Mints scopes. Callers are the few places that know a tenant for certain: authentication, tenant resolution, bootstrap,
 * jobs and tests (the architecture test names them).
 */
export const scopeTo = {
  app: (appId: Id<'app'>): AppScope => Object.freeze({ appId }) as AppScope,
  env: (appId: Id<'app'>, envId: Id<'environment'>): EnvScope => Object.freeze({ appId, envId }) as EnvScope,
};

/** Work that belongs to no tenant: look-ups that find the tenant, jobs, bootstrap. Only system repositories accept it. */
export const SYSTEM = Symbol('system scope');
export type SystemScope = typeof SYSTEM;

export type AnyScope = AppScope | EnvScope | SystemScope;

export const sameTenant = (a: EnvScope, b: EnvScope): boolean => a.appId === b.appId && a.envId === b.envId;

/** How a scope is written for the database's row policies. */
export function scopeTag(scope: AnyScope): string {
  if (scope === SYSTEM) return 'system';
  return 'envId' in scope ? `${scope.appId}:${scope.envId}` : `${scope.appId}:*`;
}
