import type { TestApp, TestTenant } from '../../support/test-app.js';

/** Has an operator ban a user of a development environment. @throws when that was refused. */
export async function ban(
  app: TestApp,
  { scope: { appId } }: TestTenant,
  { userId }: { userId: string },
): Promise<void> {
  const answer = await app.api.post(`/v1/admin/users/${userId}/ban`, {
    token: await app.operatorOf(appId),
    query: { app_id: appId },
    headers: { 'x-authsome-environment': 'development' },
    body: { reason: 'spam' },
  });
  if (answer.status !== 200) throw new Error(answer.text);
}
