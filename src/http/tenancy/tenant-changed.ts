/** Notification, followed by the app's id, that something about a tenant changed which caches may hold. */
export const TENANT_CHANGED = 'tenant:';
