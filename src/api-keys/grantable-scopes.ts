import { Injectable } from '@nestjs/common';
import { PermissionChecks } from '../http/access/permission-checks.js';
import { RoutePolicies } from '../http/access/route-policies.js';
import { namedScopes } from '../http/access/scope-expression.js';
import { covers } from '../http/access/scopes.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { InvalidScope } from '../keys-bridge/keys-bridge.problems.js';

/** What a route of the service wants of whoever holds one of its scopes. */
interface Demand {
  readonly scope: string;
  readonly route: string;
  /** Undefined: only operators and service accounts may call. */
  readonly permission: { readonly action: string; readonly resource: string } | undefined;
}

/** A scope of the service’s own. */
export interface NamedScope {
  readonly scope: string;
  readonly routes: readonly string[];
}

/**
 * Which scopes somebody may give a key: none that opens what they may not do themselves. Scopes that no route of the service names are the app's
 * own, and mean what its services make of them.
 */
@Injectable()
export class GrantableScopes {
  #demands: readonly Demand[] | undefined;

  constructor(
    private readonly policies: RoutePolicies,
    private readonly permissions: PermissionChecks,
  ) {}

  /** @throws InvalidScope */
  async requireForUser(scope: EnvScope, userId: Id<'user'>, scopes: readonly string[]): Promise<void> {
    for (const granted of scopes) {
      for (const { scope: named, permission } of this.demands()) {
        if (!covers(granted, named)) continue;
        const holds =
          permission !== undefined &&
          (await this.permissions.allows(scope, userId, permission.action, permission.resource));
        if (!holds) throw new InvalidScope({ extras: { scope: granted } });
      }
    }
  }

  /** @param most what the account's keys may be given; empty: anything. @throws InvalidScope */
  requireForAccount(most: readonly string[], scopes: readonly string[]): void {
    const beyond = scopes.find((granted) => most.length > 0 && !most.some((allowed) => covers(allowed, granted)));
    if (beyond !== undefined) throw new InvalidScope({ extras: { scope: beyond } });
  }

  /** Every scope that a route names, in order, with the routes it opens. */
  all(): NamedScope[] {
    const byScope = new Map<string, string[]>();
    for (const { scope, route } of this.demands()) byScope.set(scope, [...(byScope.get(scope) ?? []), route]);
    return [...byScope]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([scope, routes]) => ({ scope, routes: routes.sort() }));
  }

  private demands(): readonly Demand[] {
    this.#demands ??= this.policies.routes.flatMap(({ method, path, policy: { scopes, access } }) =>
      scopes === undefined
        ? []
        : namedScopes(scopes).map((scope) => ({
            scope,
            route: `${method} ${path}`,
            permission: access.kind === 'permission' ? { action: access.action, resource: access.resource } : undefined,
          })),
    );
    return this.#demands;
  }
}
