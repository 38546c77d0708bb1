import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';

/** What people may do. A port: the edge asks, the roles module answers. */
export abstract class PermissionChecks {
  /**
   * Whether a user holds a permission in their environment, or within an organization as well.
   * @param orgId undefined: only what holds everywhere counts.
   * @returns a promise only when the database has to be asked; it rejects when it cannot be asked: nobody is let in for that (R208).
   */
  abstract allows(
    scope: EnvScope,
    userId: Id<'user'>,
    action: string,
    resource: string,
    orgId?: Id<'organization'>,
  ): boolean | Promise<boolean>;
}
