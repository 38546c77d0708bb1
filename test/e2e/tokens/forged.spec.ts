import { createHmac, createPublicKey, generateKeyPairSync, type JsonWebKey, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, type SignedIn } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { me } from '../../support/session-checks.js';
import { tenantWith } from '../../support/session-policy.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import { es256, forge, read } from './forge.js';

const KID = 'test-key';
/** The service's own key: what it signs is genuine, whatever it says. */
const service = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const attacker = generateKeyPairSync('ec', { namedCurve: 'P-256' });

let app: TestApp;
let tenant: TestTenant;
let person: SignedIn;
let header: Record<string, unknown>;
let claims: Record<string, unknown>;

beforeAll(async () => {
  const signingKey = { ...service.privateKey.export({ format: 'jwk' }), kid: KID, alg: 'ES256' };
  app = await TestApp.start({ env: { ...RAISED_LIMITS, AUTHSOME_JWT_SIGNING_KEY: JSON.stringify(signingKey) } });
  tenant = await tenantWith(app, { token_format: 'jwt' });
  person = await app.api.signUp(tenant);
  ({ header, claims } = read(person.token));
});
afterAll(() => app.close());

const signedByService = (head: object | string, payload: unknown) => forge(head, payload, es256(service.privateKey));

/** Neither our routes nor the introspection take it. */
async function expectRefused(token: string): Promise<void> {
  expectProblem(await me(app, token), 401);
  const answer: Answer = await app.api.post('/v1/introspect', { body: { token } });
  if (token.length <= 8_192) expect(answer.body).toEqual({ active: false });
}

async function expectAccepted(token: string): Promise<void> {
  expect((await me(app, token)).body.id).toBe(person.userId);
  expect((await app.api.post('/v1/introspect', { body: { token } })).body).toMatchObject({ active: true });
}

const seconds = (fromNow: number) => Math.floor(app.clock.nowMs() / 1_000) + fromNow;

describe('tokens that the service’s own key signed', () => {
  it('the forger makes tokens that are taken, so that what is refused below is refused for what is wrong with it', async () => {
    await expectAccepted(person.token);
    await expectAccepted(signedByService(header, claims));
    await expectAccepted(signedByService(header, { ...claims, nbf: seconds(0) }));
  });

  it('R048: with an unknown critical header parameter are refused', async () => {
    for (const crit of [['exp'], ['b64'], ['http://example.com/x'], [], 'exp', null]) {
      await expectRefused(signedByService({ ...header, crit, exp: 1, b64: true }, claims));
    }
  });

  it('R047: with a header that names keys or places are refused', async () => {
    const jwk = attacker.publicKey.export({ format: 'jwk' });
    for (const extra of [
      { jku: 'https://evil.example/keys' },
      { x5u: 'https://evil.example' },
      { jwk },
      { x5c: ['x'] },
    ]) {
      await expectRefused(signedByService({ ...header, ...extra }, claims));
    }
  });

  it('R049: that have run out, or begin or were made more than a minute ahead, are refused', async () => {
    await expectRefused(signedByService(header, { ...claims, exp: seconds(0) }));
    await expectRefused(signedByService(header, { ...claims, exp: seconds(-1) }));
    await expectRefused(signedByService(header, { ...claims, nbf: seconds(61) }));
    await expectRefused(signedByService(header, { ...claims, iat: seconds(61) }));
    for (const exp of [undefined, null, '9999999999', Number.NaN, {}]) {
      await expectRefused(signedByService(header, { ...claims, exp }));
    }
    for (const wrong of [{ nbf: 'soon' }, { iat: 'now' }, { iat: undefined }]) {
      await expectRefused(signedByService(header, { ...claims, ...wrong }));
    }
    await expectAccepted(signedByService(header, { ...claims, nbf: seconds(20), iat: seconds(20) }));
  });

  it('R050: of another issuer or for another audience are refused', async () => {
    const { iss, aud } = claims;
    for (const issuer of ['https://evil.example', [iss], `${String(iss)}/`, '', null, undefined]) {
      await expectRefused(signedByService(header, { ...claims, iss: issuer }));
    }
    const otherApp = (await app.createTenant()).scope.appId;
    for (const audience of [otherApp, [aud], [aud, otherApp], '', null, undefined]) {
      await expectRefused(signedByService(header, { ...claims, aud: audience }));
    }
  });

  it('R050: that speak of another session or another person than their jti finds are refused', async () => {
    const other = read((await app.api.signUp(tenant)).token).claims;
    for (const wrong of [{ sub: other.sub }, { sid: other.sid }, { jti: other.jti }]) {
      await expectRefused(signedByService(header, { ...claims, ...wrong }));
    }
  });

  it('R053: whose claims have another type, or that are no object, are refused and not an error', async () => {
    for (const name of ['sub', 'sid', 'jti', 'aud']) {
      for (const value of [7, null, {}, [claims[name]], true]) {
        await expectRefused(signedByService(header, { ...claims, [name]: value }));
      }
    }
    for (const payload of ['[]', 'null', '"text"', '7', '', '{', JSON.stringify([claims])]) {
      await expectRefused(signedByService(header, payload));
    }
  });

  it('R053: in which a name stands twice are refused', async () => {
    const text = JSON.stringify(claims);
    await expectRefused(signedByService(header, `{"sub":"ausr_other",${text.slice(1)}`));
    await expectRefused(signedByService(`{"alg":"none",${JSON.stringify(header).slice(1)}`, text));
  });

  it('R051: of another type — ID, logout, invitation, or none — are refused', async () => {
    for (const typ of ['JWT', 'id_token+jwt', 'logout+jwt', 'invitation+jwt', 'at', '', undefined]) {
      await expectRefused(signedByService({ ...header, typ }, claims));
    }
  });

  it('R051: open nothing but what an access token opens', async () => {
    const { token } = person;
    expectProblem(await app.api.post('/v1/refresh', { body: { refresh_token: token } }), [400, 401]);
    const ways = [
      ['/v1/verify-email', { token }],
      ['/v1/reset-password', { token, new_password: 'another long passphrase' }],
      ['/v1/change-email/confirm', { token }],
      ['/v1/setup', { token, email: 'x@example.com', password: 'another long passphrase' }],
    ] as const;
    for (const [path, body] of ways) expectProblem(await app.api.post(path, { body }), [400, 401, 403]);
  });
});

describe('tokens that somebody else made', () => {
  it('R045: without a signature, or with alg none in any spelling, are refused', async () => {
    for (const alg of ['none', 'None', 'NONE', 'nOnE', 'none ', '', null, undefined]) {
      await expectRefused(forge({ ...header, alg }, claims, () => Buffer.alloc(0)));
      await expectRefused(forge({ ...header, alg }, claims, () => randomBytes(64)));
      await expectRefused(signedByService({ ...header, alg }, claims));
    }
    const [head, payload] = person.token.split('.');
    await expectRefused(`${head}.${payload}.`);
    await expectRefused(`${head}.${payload}`);
  });

  it('R046: signed HS256 with the public key, in any encoding of it, are refused', async () => {
    const { keys } = (await app.api.get('/.well-known/jwks.json')).body as unknown as { keys: [JsonWebKey] };
    const [jwk] = keys;
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    const pem = key.export({ format: 'pem', type: 'spki' }).toString();
    const der = key.export({ format: 'der', type: 'spki' });
    const point = Buffer.concat([jwk.x, jwk.y].map((part) => Buffer.from(part ?? '', 'base64url')));
    const encodings = [pem, pem.trim(), der, der.toString('base64'), point, JSON.stringify(jwk), jwk.x ?? '', ''];
    for (const secret of encodings) {
      for (const [alg, digest] of [
        ['HS256', 'sha256'],
        ['HS512', 'sha512'],
        ['ES256', 'sha256'],
      ] as const) {
        const mac = (input: string) => createHmac(digest, secret).update(input).digest();
        await expectRefused(forge({ ...header, alg }, claims, mac));
      }
    }
  });

  it('R045: altered in one character of any part are refused', async () => {
    const parts = person.token.split('.');
    for (let part = 0; part < 3; part += 1) {
      const altered = parts.map((text, index) =>
        index === part ? `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}` : text,
      );
      await expectRefused(altered.join('.'));
    }
  });

  describe('with a header that leads to the attacker’s key', () => {
    let server: Server;
    let calls: string[];

    beforeAll(async () => {
      calls = [];
      const jwk = { ...attacker.publicKey.export({ format: 'jwk' }), kid: KID, alg: 'ES256', use: 'sig' };
      server = createServer((request, response) => {
        calls.push(request.url ?? '');
        response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    });
    afterAll(() => new Promise((resolve) => server.close(resolve)));

    it('R047: are refused, and the place they name is not called', async () => {
      const place = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
      const jwk = attacker.publicKey.export({ format: 'jwk' });
      const headers: Record<string, unknown>[] = [
        { ...header, jku: place },
        { ...header, x5u: place },
        { ...header, jwk },
        { ...header, kid: place },
        { alg: 'ES256', typ: 'at+jwt', jku: place },
        { ...header, kid: '../../../../dev/null' },
        { ...header, kid: "x' UNION SELECT 'key' -- " },
        { ...header, kid: { $ne: null } },
        { ...header, kid: '' },
        { ...header, kid: undefined },
        header,
      ];
      for (const each of headers) await expectRefused(forge(each, claims, es256(attacker.privateKey)));
      expect(calls).toEqual([]);
    });
  });

  it('R053: that are garbage in every way are refused and not an error', async () => {
    const { token } = person;
    const [head = '', payload = '', signature = ''] = token.split('.');
    const garbage = [
      'a.b.c',
      '..',
      '...',
      `${head}.${payload}.${signature}.${signature}`,
      Array.from({ length: 10 }, () => head).join('.'),
      `${head}.${'='.repeat(8)}.${signature}`,
      `${head}.%%%%.${signature}`,
      `${head}.${payload.slice(1)}.${signature}`,
      `${head}.${payload}.${signature}${'A'.repeat(3_000)}`,
      `${'A'.repeat(1_000_000)}.${payload}.${signature}`,
      `${head}.${Buffer.from('{"a":'.repeat(500) + '1' + '}'.repeat(500)).toString('base64url')}.${signature}`,
    ];
    for (const text of garbage) {
      expectProblem(await me(app, text), [401, 431]);
      if (text.length > 8_192) continue;
      expect((await app.api.post('/v1/introspect', { body: { token: text } })).body).toEqual({ active: false });
    }
  });
});
