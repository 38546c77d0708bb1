import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RawHttp } from '../../support/raw-http.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

/** Ways to write a path that some router, somewhere, takes for the same. */
const spellingsOf = (path: string): string[] => {
  const [, version = '', name = ''] = path.split('/');
  const hex = (text: string): string =>
    [...text].map((char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');
  return [
    `/${path}`,
    `/${version}//${name}`,
    `${path}/`,
    `${path}//`,
    `${path};x`,
    `${path};x=1`,
    `/${version};a=b/${name}`,
    `${path}%3bx`,
    path.toUpperCase(),
    `/${version}/${name.toUpperCase()}`,
    `/${version}/${hex(name)}`,
    `/${hex(version)}/${name}`,
    `/${version}/${hex(hex(name))}`,
    `/${version}%2f${name}`,
    `/${version}%5c${name}`,
    `/${version}\\${name}`,
    `/./${version}/${name}`,
    `/${version}/./${name}`,
    `/${version}/x/../${name}`,
    `/${version}/%2e/${name}`,
    `/health/%2e%2e${path}`,
    `/health/..${path}`,
    `/health/live/../..${path}`,
    `/pages/..${path}`,
    `${path}%20`,
    `${path}%00`,
    `${path}%0a`,
    `${path}.json`,
    `${path}/.`,
    `${path}/*`,
    `${path}%3fa=b`,
    `${path}%23`,
    `${path}?`,
    `${path}?a=b`,
    `${path}?..;/`,
    `/${version}/${name.replace(/^./, (letter) => letter.toUpperCase())}`,
    `http://auth.test${path}`,
    `http://auth.test/${path}`,
  ];
};

const HEAD = 'Host: auth.test\r\nConnection: close\r\n';

describe('other spellings of a path', () => {
  let app: TestApp;
  let http: RawHttp;
  let tenant: TestTenant;

  beforeAll(async () => {
    app = await TestApp.start({ env: { AUTHSOME_LIMIT_SIGNIN_PER_IP: '1/1m' } });
    tenant = await app.createTenant();
    http = await RawHttp.listen(app);
  });
  afterAll(() => app.close());

  it.each(spellingsOf('/v1/me'))('R331: %s reaches no guarded route without the guard', async (path) => {
    for (const method of ['GET', 'HEAD', 'DELETE']) {
      const { status } = await http.send(`${method} ${path} HTTP/1.1\r\n${HEAD}\r\n`);
      expect([400, 401, 404]).toContain(status);
    }
  });

  it.each(spellingsOf('/v1/signin'))('R165: %s counts with the route it names, or names none', async (path) => {
    const body = '{"email":"a@example.com","password":"wrong"}';
    const headers = `${HEAD}X-Publishable-Key: ${tenant.publishableKey}\r\nContent-Type: application/json\r\n`;
    const post = (target: string) =>
      http.send(`POST ${target} HTTP/1.1\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`);
    await post('/v1/signin');
    expect((await post('/v1/signin')).status).toBe(429);
    expect([400, 404, 429]).toContain((await post(path)).status);
  });

  it('R331: the operators’ routes are guarded by handler, not by prefix', async () => {
    for (const path of [
      '/v1/admin/apps',
      '/v1/admin/../admin/apps',
      '/v1/%61dmin/apps',
      '/V1/ADMIN/APPS',
      '//v1/admin/apps',
    ]) {
      const { status } = await http.send(`GET ${path} HTTP/1.1\r\n${HEAD}\r\n`);
      expect([401, 404]).toContain(status);
    }
  });
});
