/** An action on a resource. `*` is every action or every resource; a resource `invoices:*` is everything below `invoices:`. */
export interface Grant {
  readonly action: string;
  readonly resource: string;
}

export const LONGEST_ACTION = 64;
export const LONGEST_RESOURCE = 128;

/** `*`, or lower-case letters, digits, dots, dashes and underscores. */
export const ACTION = /^(\*|[a-z0-9][a-z0-9_.-]{0,63})$/;
/** `*`, or segments between colons, of which the last may be `*`. */
export const RESOURCE = /^(?=.{1,128}$)(\*|[A-Za-z0-9][A-Za-z0-9_.-]*(:[A-Za-z0-9_.-]+)*(:\*)?)$/;

/** Whether everything that `wanted` permits is permitted by `grant` (R203). */
export function covers(grant: Grant, wanted: Grant): boolean {
  return (grant.action === '*' || grant.action === wanted.action) && coversResource(grant.resource, wanted.resource);
}

function coversResource(granted: string, wanted: string): boolean {
  if (granted === '*' || granted === wanted) return true;
  return granted.endsWith(':*') && wanted.length >= granted.length && wanted.startsWith(granted.slice(0, -1));
}

/** Where a permission comes from. */
export type GrantSource = 'assignment' | 'organization_assignment' | 'everyone' | 'member_role';

export interface RoleName {
  readonly id: string;
  readonly slug: string;
}

/** A permission that somebody has, and how they came by it. */
export interface HeldGrant extends Grant {
  readonly permissionId: string;
  /** The role that grants it. */
  readonly role: RoleName;
  /** The role that the person has: the same, or one that stands below it. */
  readonly held: RoleName;
  /** Slugs from the held role up to the granting one. */
  readonly path: readonly string[];
  readonly source: GrantSource;
}

export interface HeldRole extends RoleName {
  readonly source: GrantSource;
}

interface OfAction {
  readonly exact: Map<string, HeldGrant>;
  /** By what stands before the `*`. */
  readonly below: Map<string, HeldGrant>;
  any: HeldGrant | undefined;
}

/**
 * Everything that somebody may do, ready to be asked. A question is taken literally: what it names is permitted only by an equal grant or
 * by a wildcard of a grant; a `*`, a comma or another letter case in it means nothing (R207).
 */
export class EffectivePermissions {
  readonly #byAction = new Map<string, OfAction>();

  constructor(
    readonly roles: readonly HeldRole[],
    readonly grants: readonly HeldGrant[],
  ) {
    for (const grant of grants) this.add(grant);
  }

  /** @returns the grant that permits it, the most specific one; undefined: it is denied. */
  find(action: string, resource: string): HeldGrant | undefined {
    return this.findOf(this.#byAction.get(action), resource) ?? this.findOf(this.#byAction.get('*'), resource);
  }

  /** Whether somebody who has these may hand out those (R203). */
  coverAll(wanted: readonly Grant[]): boolean {
    return wanted.every((one) => this.grants.some((grant) => covers(grant, one)));
  }

  private findOf(of: OfAction | undefined, resource: string): HeldGrant | undefined {
    if (of === undefined) return undefined;
    const exact = of.exact.get(resource);
    if (exact !== undefined || of.below.size === 0) return exact ?? of.any;
    for (let colon = resource.lastIndexOf(':'); colon > 0; colon = resource.lastIndexOf(':', colon - 1)) {
      const below = colon < resource.length - 1 ? of.below.get(resource.slice(0, colon + 1)) : undefined;
      if (below !== undefined) return below;
    }
    return of.any;
  }

  private add(grant: HeldGrant): void {
    const of = this.#byAction.get(grant.action) ?? { exact: new Map(), below: new Map(), any: undefined };
    this.#byAction.set(grant.action, of);
    const { resource } = grant;
    if (resource === '*') of.any ??= grant;
    // Asked for literally, a wildcard is permitted by an equal grant alone.
    if (!of.exact.has(resource)) of.exact.set(resource, grant);
    if (resource.endsWith(':*') && !of.below.has(resource.slice(0, -1))) of.below.set(resource.slice(0, -1), grant);
  }
}
