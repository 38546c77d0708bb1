import type { SubjectKey } from '../../billing-bridge/ledger.js';
import { ENTITLEMENTS_CHANGED } from '../../billing-bridge/entitlements/entitlement-cache.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Database } from '../../kernel/persistence/database.js';

/**
 * Tells every replica, with the commit, that what a subject may do has changed. What changes for the app may change for everybody whom no
 * subscription of their own covers: then the whole environment is meant.
 */
export function entitlementsChanged(database: Database, { envId }: EnvScope, key: SubjectKey): void {
  database.notify(`${ENTITLEMENTS_CHANGED}${envId}/${key.startsWith('app:') ? '' : key}`);
}
