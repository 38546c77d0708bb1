// An operator with an app of their own, as over the counter: set up, sign in, create.
import { readFile } from 'node:fs/promises';

const OWNER = { email: 'owner@example.com', password: 'a long passphrase of the owner' };

/** @returns a function that calls the service as the platform owner. */
export async function platformOwner(service) {
  const token = await setupToken(service);
  const call = async (method, path, { body, headers } = {}) => {
    const answer = await fetch(`${service.url}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return JSON.parse(text);
  };
  const { publishable_key: key } = await call('POST', '/v1/setup', { body: { token, ...OWNER } });
  const session = await call('POST', '/v1/signin', { body: OWNER, headers: { 'x-publishable-key': key } });
  const authorization = `Bearer ${session.session_token}`;
  return (method, path, { body, headers } = {}) => call(method, path, { body, headers: { authorization, ...headers } });
}

/** Printed once the service is ready. */
async function setupToken(service) {
  for (;;) {
    const found = /"event":"setup_token","setup":"([^"]+)"/.exec(await readFile(service.log, 'utf8'))?.[1];
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
