import { applyDecorators, SetMetadata } from '@nestjs/common';

export const ACCESS = 'authsome:access';

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
    }
  | {
      readonly kind: 'operator';
      /** `every_app`: platform owners only. `target`: whoever reaches the app the request names. */
      readonly reach: 'every_app' | 'target';
      /** What the request must name: an app, or an environment of it (the default one when it names none). */
      readonly target: 'none' | 'app' | 'environment';
    };

const access = (rule: AccessRule): MethodDecorator => applyDecorators(SetMetadata(ACCESS, rule));

interface PublicSettings {
  readonly tenant?: 'required' | 'optional' | 'none';
  readonly session?: boolean;
}

/** Anyone may call. By default the request names an environment by X-Publishable-Key or app_id. */
export const Public = ({ tenant = 'required', session = false }: PublicSettings = {}) =>
  access({ kind: 'public', tenant, session });

/** A signed-in person may call, for their own environment. */
export const RequireSession = () => access({ kind: 'session', fresh: false });

/** As {@link RequireSession}, and the person has proved who they are within the reauthentication window (ASVS 7.5.1). */
export const RequireFreshSession = () => access({ kind: 'session', fresh: true });

/** A platform owner may call. */
export const RequirePlatformOwner = () => access({ kind: 'operator', reach: 'every_app', target: 'none' });

/** An operator may call who reaches the app that the request names (`appId` in the path, or `app_id`). */
export const RequireOperator = (target: 'app' | 'environment') => access({ kind: 'operator', reach: 'target', target });
