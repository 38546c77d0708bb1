import type { Answer, SignedIn } from './api-client.js';
import { tokensOf } from './session-checks.js';
import type { TestApp, TestTenant } from './test-app.js';

export const REASON = 'ticket 4711';

/** Asks to act as a person. */
export function impersonate(
  app: TestApp,
  operator: string,
  { scope }: TestTenant,
  { userId }: Pick<SignedIn, 'userId'>,
  wish: object = {},
): Promise<Answer> {
  return app.api.post(`/v1/admin/impersonate/${userId}`, {
    token: operator,
    query: { app_id: scope.appId, env_id: scope.envId },
    body: { reason: REASON, ...wish },
  });
}

/** Acts as a person. @returns the tokens of the impersonation. */
export async function impersonation(
  ...args: Parameters<typeof impersonate>
): Promise<Pick<SignedIn, 'token' | 'refreshToken'>> {
  const answer = await impersonate(...args);
  if (answer.status !== 200) throw new Error(`impersonation answered ${answer.status}: ${answer.text}`);
  return tokensOf(answer);
}
