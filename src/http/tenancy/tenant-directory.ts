import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import type { OriginList } from '../security/origins.js';

/** An environment as the edge needs to know it. */
export interface ResolvedTenant {
  readonly scope: EnvScope;
  readonly environmentType: 'development' | 'staging' | 'production';
  /** Browser origins that may call this environment. */
  readonly origins: OriginList;
}

/** Finds tenants by what callers name. A port: the environments module knows the answers. Answers are cached there. */
export abstract class TenantDirectory {
  /** @returns undefined for an unknown or retired key, and for a key of an inactive app. */
  abstract byPublishableKey(key: string): Promise<ResolvedTenant | undefined>;

  /**
   * @param environment id or slug; the app's default environment when absent.
   * @returns undefined when the app does not exist, is inactive, or has no such environment.
   */
  abstract byApp(appId: Id<'app'>, environment?: string): Promise<ResolvedTenant | undefined>;

  /** As {@link byApp}, for operators: an app that is switched off is found too. */
  abstract forOperator(appId: Id<'app'>, environment?: string): Promise<ResolvedTenant | undefined>;

  /** The environment of a scope that was authenticated. */
  abstract byScope(scope: EnvScope): Promise<ResolvedTenant | undefined>;

  /** @returns a key in force by which clients may name the environment; undefined when every one is retired. */
  abstract publishableKeyOf(scope: EnvScope): Promise<string | undefined>;

  /** As {@link byScope}, from memory alone: undefined also when the answer would have to be looked up. */
  abstract recall(scope: EnvScope): ResolvedTenant | undefined;

  /** Every origin any environment allows: all that is known when a preflight arrives, which names no tenant. */
  abstract allOrigins(): Promise<OriginList>;
}
