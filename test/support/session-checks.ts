import type { Answer, RequestOptions, SignedIn } from './api-client.js';
import type { TestApp } from './test-app.js';

type Tokens = Pick<SignedIn, 'token' | 'refreshToken'>;

/** Calls a route that every session opens, with an access token. */
export function me(app: TestApp, token: string, options: RequestOptions = {}): Promise<Answer> {
  return app.api.get('/v1/me', { token, ...options });
}

export function refresh(app: TestApp, refreshToken: string, options: RequestOptions = {}): Promise<Answer> {
  return app.api.post('/v1/refresh', { body: { refresh_token: refreshToken }, ...options });
}

/** The tokens that an answer hands out. */
export function tokensOf({ body }: Answer): Tokens {
  return { token: body.session_token as string, refreshToken: body.refresh_token as string };
}

/** Whether a session opens; it is refreshed by looking. */
export async function works(app: TestApp, { token, refreshToken }: Tokens): Promise<boolean> {
  return (await me(app, token)).status === 200 && (await refresh(app, refreshToken)).status === 200;
}

/** Whether both tokens of a session are refused. */
export async function isDead(app: TestApp, { token, refreshToken }: Tokens): Promise<boolean> {
  return (await me(app, token)).status === 401 && (await refresh(app, refreshToken)).status === 401;
}
