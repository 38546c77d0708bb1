import type { TestApp, TestTenant } from './test-app.js';

/** What an operator sets with `PUT /v1/admin/apps/{appId}/session-config`. */
export interface SessionPolicy {
  readonly token_ttl_seconds?: number;
  readonly refresh_token_ttl_seconds?: number;
  readonly max_active_sessions?: number;
  readonly rotate_refresh_token?: boolean;
  readonly bind_to_ip?: boolean;
  readonly bind_to_device?: boolean;
  readonly token_format?: 'opaque' | 'jwt';
}

/** Sets how the sessions of an app behave, as its operator. */
export async function setSessionPolicy(app: TestApp, tenant: TestTenant, policy: SessionPolicy): Promise<void> {
  const token = await app.operatorOf(tenant.scope.appId);
  const path = `/v1/admin/apps/${tenant.scope.appId}/session-config`;
  const answer = await app.api.put(path, { token, body: policy });
  if (answer.status !== 200) throw new Error(`the session policy was refused: ${answer.text}`);
}

/** A new app whose sessions behave so. */
export async function tenantWith(app: TestApp, policy: SessionPolicy): Promise<TestTenant> {
  const tenant = await app.createTenant();
  await setSessionPolicy(app, tenant, policy);
  return tenant;
}
