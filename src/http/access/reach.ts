import type { UserPrincipal } from '../../kernel/context/principal.js';
import type { Id } from '../../kernel/ids/id.js';
import { ForeignTenant } from '../tenancy/tenancy.problems.js';
import { InsufficientPermissions } from './access.problems.js';

/** For routes whose access rule leaves the app to the handler. @throws ForeignTenant unless the operator reaches the app. */
export function requireReach({ operator }: UserPrincipal, appId: Id<'app'>): void {
  if (operator !== 'every_app' && operator?.has(appId) !== true) throw new ForeignTenant();
}

/** @throws InsufficientPermissions for everyone but platform owners. */
export function requireEveryApp({ operator }: UserPrincipal): void {
  if (operator !== 'every_app') throw new InsufficientPermissions();
}
