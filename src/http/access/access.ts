import { applyDecorators, SetMetadata } from '@nestjs/common';
import type { MemberRole } from './memberships.js';
import { allOf, anyOf, parseScopeExpression } from './scope-expression.js';

export const ACCESS = 'authsome:access';
export const SCOPES = 'authsome:scopes';

/** Who may call a route. Exactly one rule per route; a route without one stops the boot. */
export type AccessRule =
  | {
      readonly kind: 'public';
      /** Whether the request must name an environment: `none` never looks. */
      readonly tenant: 'required' | 'optional' | 'none';
      /** Whether a session is recognised when one is presented. An invalid one is ignored. */
      readonly session: boolean;
    }
  | {
      readonly kind: 'session';
      /** Identity must have been proved within the reauthentication window. */
      readonly fresh: boolean;
      /** Whether an operator who acts as the person may call too. A route that does not say so is the person's alone (R289). */
      readonly impersonators: boolean;
      /** Whether a session may call that acts for an organization which its owner no longer belongs to: the way out of it. */
      readonly formerMembers: boolean;
      /** Whether an operator who names an app (`app_id`) acts on that one instead. */
      readonly operators: boolean;
    }
  | {
      readonly kind: 'organization';
      /** The least role in the organization of the path (`orgId`). Operators who reach the app stand above every role. */
      readonly role: MemberRole;
      /** Identity must have been proved within the reauthentication window. */
      readonly fresh: boolean;
    }
  | {
      readonly kind: 'permission';
      readonly action: string;
      readonly resource: string;
      /** Whether it is enough to hold it in the organization that the request names (`org_id`), or that the session acts for. */
      readonly organization: boolean;
    }
  | {
      /** An API key, whoever owns it and whatever its scopes: about the key itself. */
      readonly kind: 'key';
    }
  | {
      readonly kind: 'operator';
      /** `every_app`: platform owners only. `target`: whoever reaches the app the request names. */
      readonly reach: 'every_app' | 'target';
      /** What the request must name: an app, or an environment of it (the default one when it names none). */
      readonly target: 'none' | 'app' | 'environment';
      /** Identity must have been proved within the reauthentication window. */
      readonly fresh: boolean;
    };

/** Every kind of rule there is. */
export const ACCESS_KINDS = [
  'public',
  'session',
  'organization',
  'permission',
  'key',
  'operator',
] as const satisfies readonly AccessRule['kind'][];

const access = (rule: AccessRule): MethodDecorator => applyDecorators(SetMetadata(ACCESS, rule));

interface PublicSettings {
  readonly tenant?: 'required' | 'optional' | 'none';
  readonly session?: boolean;
}

/** Anyone may call. By default the request names an environment by X-Publishable-Key or app_id. */
export const Public = ({ tenant = 'required', session = false }: PublicSettings = {}) =>
  access({ kind: 'public', tenant, session });

interface SessionRuleSettings {
  readonly impersonators?: boolean;
  readonly formerMembers?: boolean;
  readonly operators?: boolean;
}

/**
 * A signed-in person may call, for their own environment. An operator who acts as them is refused unless `impersonators` is true: a new
 * route is closed to impersonation until somebody has thought about it. A session that acts for an organization is refused while its owner
 * does not belong to it (R196), unless `formerMembers` is true. With `operators`, an operator may call for an environment of an app they name.
 */
export const RequireSession = ({
  impersonators = false,
  formerMembers = false,
  operators = false,
}: SessionRuleSettings = {}) => access({ kind: 'session', fresh: false, impersonators, formerMembers, operators });

/** As {@link RequireSession}, and the person has proved who they are within the reauthentication window (ASVS 7.5.1). Never open to impersonators. */
export const RequireFreshSession = () =>
  access({ kind: 'session', fresh: true, impersonators: false, formerMembers: false, operators: false });

/**
 * A member of the organization that the path names as `:orgId` may call, with that role at least; so may an operator who names its app
 * (`app_id`), and whoever holds `manage` on `organization` in the environment. To everyone else the organization is unknown: 404. Never open to impersonators. @param role least first: `member`, `admin`, `owner`.
 */
export const RequireOrgRole = (role: MemberRole) => access({ kind: 'organization', role, fresh: false });

/** As {@link RequireOrgRole}, and the caller has proved who they are within the reauthentication window. */
export const RequireFreshOrgRole = (role: MemberRole) => access({ kind: 'organization', role, fresh: true });

/**
 * Whoever holds the permission may call, for their own environment; so may an operator who names its app (`app_id`). Never open to
 * impersonators. @param options.organization whether it counts too when it is held only in the organization that the request names as
 * `org_id`, or that the session acts for. Asked at every call: a role that is taken away counts no longer (R205).
 */
export const RequirePermission = (
  action: string,
  resource: string,
  { organization = false }: { readonly organization?: boolean } = {},
) => access({ kind: 'permission', action, resource, organization });

/** An API key may call, whoever owns it and whatever its scopes, and nobody else: for what concerns the key itself. */
export const RequireKey = () => access({ kind: 'key' });

/** A platform owner may call. @param target what the request must name, as with {@link RequireOperator}. */
export const RequirePlatformOwner = (target: 'none' | 'app' | 'environment' = 'none') =>
  access({ kind: 'operator', reach: 'every_app', target, fresh: false });

/** An operator may call who reaches the app that the request names (`appId` in the path, or `app_id`). */
export const RequireOperator = (target: 'app' | 'environment') =>
  access({ kind: 'operator', reach: 'target', target, fresh: false });

/** As {@link RequireOperator}, and the operator has proved who they are within the reauthentication window. */
export const RequireFreshOperator = (target: 'app' | 'environment') =>
  access({ kind: 'operator', reach: 'target', target, fresh: true });

/** Any operator may call; the handler finds out which app is meant, and asks `requireReach`. */
export const RequireAnyOperator = () => access({ kind: 'operator', reach: 'target', target: 'none', fresh: false });

/**
 * API keys may call too, if they have all of the scopes; without this decorator no key reaches a route. Beside `RequirePermission` or
 * `RequireOperator`: a key may never do more than its owner. @throws Error at import for what is no scope.
 */
export const RequireScopes = (...scopes: readonly [string, ...string[]]): MethodDecorator =>
  SetMetadata(SCOPES, allOf(...scopes));

/** As {@link RequireScopes}, for keys that have any of the scopes. */
export const RequireAnyScope = (...scopes: readonly [string, ...string[]]): MethodDecorator =>
  SetMetadata(SCOPES, anyOf(...scopes));

/** As {@link RequireScopes}, for keys whose scopes satisfy `read:users AND (write:users OR admin)`. */
export const RequireScopeExpression = (expression: string): MethodDecorator =>
  SetMetadata(SCOPES, parseScopeExpression(expression));
