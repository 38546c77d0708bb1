import { createPublicKey, generateKeyPairSync, type JsonWebKey, verify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfigError, loadConfig } from '../../../src/config/load-config.js';
import type { Id } from '../../../src/kernel/ids/id.js';
import { SigningKeys } from '../../../src/sessions/signing-keys.js';
import type { SignedIn } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { OwnerView } from '../../support/owner-view.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { me, refresh, tokensOf } from '../../support/session-checks.js';
import { tenantWith } from '../../support/session-policy.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import { read } from './forge.js';

const DAY_MS = 86_400_000;
const LIFETIME_DAYS = 10;
/** A base64url text of 32 bytes. */
const FULL_WIDTH = /^[\w-]{43}$/;

type PublicKey = JsonWebKey & { readonly kid: string; readonly alg: string; readonly use: string };

async function publishedKeys(app: TestApp): Promise<PublicKey[]> {
  const { status, body } = await app.api.get('/.well-known/jwks.json');
  expect(status).toBe(200);
  return (body as unknown as { keys: PublicKey[] }).keys;
}

const kidOf = (token: string) => read(token).header.kid as Id<'signing_key'>;

/** As another service checks a token: with nothing but the published keys. */
async function verifiesOutside(app: TestApp, token: string): Promise<boolean> {
  const jwk = (await publishedKeys(app)).find(({ kid }) => kid === kidOf(token));
  if (jwk === undefined) return false;
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const [input, signature] = [token.slice(0, token.lastIndexOf('.')), token.slice(token.lastIndexOf('.') + 1)];
  const bytes = Buffer.from(signature, 'base64url');
  const digest = jwk.kty === 'OKP' ? null : 'sha256';
  return verify(digest, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }, bytes);
}

describe('the keys of JWT access tokens', () => {
  let app: TestApp;
  let tenant: TestTenant;
  let keys: SigningKeys;

  beforeAll(async () => {
    const env = { ...RAISED_LIMITS, AUTHSOME_JWT_KEY_LIFETIME: `${LIFETIME_DAYS}d`, AUTHSOME_SESSION_IDLE_TTL: '365d' };
    app = await TestApp.start({ env });
    tenant = await tenantWith(app, { token_format: 'jwt' });
    keys = app.get(SigningKeys);
  });
  afterAll(() => app.close());

  it('R055: the published set holds public members alone, each kid once, coordinates at full width', async () => {
    const published = await publishedKeys(app);
    expect(published).toHaveLength(1);
    for (const key of published) {
      expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
      expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' });
      expect(key.x).toMatch(FULL_WIDTH);
      expect(key.y).toMatch(FULL_WIDTH);
    }
    expect(await verifiesOutside(app, (await app.api.signUp(tenant)).token)).toBe(true);
  });

  it('R056: a successor is published before it signs, and what the old key signed verifies until it has run out', async () => {
    const before = await app.api.signUp(tenant);
    app.clock.advance((LIFETIME_DAYS - 1) * DAY_MS);
    await app.drain();
    const published = await publishedKeys(app);
    expect(published).toHaveLength(2);
    const last = await app.api.signIn(tenant, before);
    expect(kidOf(last.token)).toBe(kidOf(before.token));

    app.clock.advance(DAY_MS - 60_000);
    const nearTheEnd = tokensOf(await refresh(app, last.refreshToken));
    app.clock.advance(120_000);
    const successor = await app.api.signIn(tenant, before);
    expect(kidOf(successor.token)).not.toBe(kidOf(before.token));
    expect(published.map(({ kid }) => kid)).toContain(kidOf(successor.token));
    for (const token of [nearTheEnd.token, successor.token]) {
      expect((await me(app, token)).status).toBe(200);
      expect(await verifiesOutside(app, token)).toBe(true);
    }

    app.clock.advance(DAY_MS);
    await app.drain();
    expect((await publishedKeys(app)).map(({ kid }) => kid)).toEqual([kidOf(successor.token)]);
  });

  it('R056: rotation by hand changes the key at once and leaves earlier tokens valid', async () => {
    const before = await app.api.signUp(tenant);
    const kid = await keys.rotate();
    const after = await app.api.signIn(tenant, before);
    expect(kidOf(after.token)).toBe(kid);
    for (const { token } of [before, after]) {
      expect((await me(app, token)).status).toBe(200);
      expect(await verifiesOutside(app, token)).toBe(true);
    }
  });

  it('R056: a withdrawn key’s tokens are refused at once, here and by the published set, and another key signs', async () => {
    const before = await app.api.signUp(tenant);
    expect((await me(app, before.token)).status).toBe(200);
    const withdrawn = kidOf(before.token);
    expect(await keys.revoke(withdrawn)).toBe(true);
    expectProblem(await me(app, before.token), 401);
    expect((await app.api.post('/v1/introspect', { body: { token: before.token } })).body).toEqual({ active: false });
    expect((await publishedKeys(app)).map(({ kid }) => kid)).not.toContain(withdrawn);
    // The session itself is not compromised: its refresh token goes on, under the new key.
    const next = tokensOf(await refresh(app, before.refreshToken));
    expect(kidOf(next.token)).not.toBe(withdrawn);
    expect((await me(app, next.token)).status).toBe(200);
    expect(await keys.revoke(withdrawn)).toBe(false);
  });

  it('R056: when the current key is withdrawn while its successor is only announced, a new key signs at once', async () => {
    await keys.rotate();
    const before = await app.api.signUp(tenant);
    app.clock.advance((LIFETIME_DAYS - 0.5) * DAY_MS);
    await app.drain();
    const current = await app.api.signIn(tenant, before);
    const announced = (await publishedKeys(app)).map(({ kid }) => kid);
    expect(announced.length).toBeGreaterThan(1);
    expect(await keys.revoke(kidOf(current.token))).toBe(true);
    const after = await app.api.signIn(tenant, before);
    expect(announced).not.toContain(kidOf(after.token));
    expect((await me(app, after.token)).status).toBe(200);
  });

  it('R056: another replica with everything in memory refuses a withdrawn key’s tokens within the time it trusts it', async () => {
    const other = await TestApp.start({ env: RAISED_LIMITS, database: app.database });
    try {
      other.clock.advance(app.clock.nowMs() - other.clock.nowMs());
      const { token } = await app.api.signUp(tenant);
      expect((await me(other, token)).status).toBe(200);
      const view = await OwnerView.open(app.database);
      // Withdrawn behind the services' backs: no notification tells them.
      await view.query('UPDATE signing_keys SET revoked_at = $2 WHERE id = $1', [kidOf(token), app.clock.now()]);
      await view.close();
      other.clock.advance(30_000);
      expectProblem(await me(other, token), 401);
    } finally {
      await other.close();
    }
    await keys.rotate();
  });

  it('R312: private keys lie sealed in the database, and no column holds one in clear', async () => {
    const view = await OwnerView.open(app.database);
    const rows = await view.query<{ row: string; sealed: Buffer }>(
      'SELECT to_jsonb(k)::text AS row, private_sealed AS sealed FROM signing_keys k',
    );
    await view.close();
    expect(rows.length).toBeGreaterThan(0);
    for (const { row, sealed } of rows) {
      expect(row).not.toMatch(/"d"\s*:/);
      expect(sealed.toString('latin1')).not.toMatch(/"(d|kty|crv)"/);
    }
  });
});

describe('keys of other kinds', () => {
  it('R055: coordinates that begin with zero bytes are published at full width, and outsiders verify with them', async () => {
    const jwk = keyWithLeadingZero();
    const env = { AUTHSOME_JWT_SIGNING_KEY: JSON.stringify({ ...jwk, kid: 'zero', alg: 'ES256' }) };
    await withPerson(env, async (app, { token }) => {
      const [published] = await publishedKeys(app);
      expect(published).toEqual({ kty: 'EC', crv: 'P-256', x: jwk.x, y: jwk.y, kid: 'zero', alg: 'ES256', use: 'sig' });
      expect(published?.x).toMatch(FULL_WIDTH);
      expect(await verifiesOutside(app, token)).toBe(true);
      expect((await me(app, token)).status).toBe(200);
    });
  });

  it('EdDSA signs where it is chosen', async () => {
    await withPerson({ AUTHSOME_JWT_ALGORITHM: 'EdDSA' }, async (app, { token }) => {
      expect(await publishedKeys(app)).toEqual([
        {
          kty: 'OKP',
          crv: 'Ed25519',
          alg: 'EdDSA',
          use: 'sig',
          kid: kidOf(token),
          x: expect.stringMatching(FULL_WIDTH),
        },
      ]);
      expect(await verifiesOutside(app, token)).toBe(true);
      expect((await me(app, token)).status).toBe(200);
    });
  });
});

describe('secrets of a production deployment', () => {
  const good = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 7 + 1)).toString('base64');
  const production = {
    AUTHSOME_MODE: 'production',
    AUTHSOME_DATABASE_URL: 'postgres://app@db.example.com/authsome',
    AUTHSOME_PUBLIC_URL: 'https://id.example.com',
    AUTHSOME_MAIL_DRIVER: 'log',
    AUTHSOME_BILLING: 'noop',
  };
  const problemsWith = (env: Record<string, string>): string => {
    try {
      loadConfig({ ...production, ...env });
      return '';
    } catch (error) {
      if (error instanceof ConfigError) return error.message;
      throw error;
    }
  };

  it('R060: are accepted when they are 256 bits of one’s own', () => {
    expect(problemsWith({ AUTHSOME_SECRETS: `k1:${good}` })).toBe('');
  });

  it('R060: stop the start when they are missing, empty, short, long or a sample', () => {
    expect(problemsWith({})).toContain('AUTHSOME_SECRETS');
    const wrong = [
      '',
      'k1:',
      good,
      `k1:${Buffer.alloc(31, 9).toString('base64')}`,
      `k1:${Buffer.alloc(33, 9).toString('base64')}`,
      `k1:${Buffer.alloc(32).toString('base64')}`,
      `k1:${Buffer.alloc(32, 1).toString('base64')}`,
      `k1:${good},k2:${Buffer.alloc(32, 0xff).toString('base64')}`,
      'changeme',
    ];
    for (const AUTHSOME_SECRETS of wrong) expect(problemsWith({ AUTHSOME_SECRETS })).toContain('AUTHSOME_SECRETS');
  });

  it('R060: a signing key from the environment, which only tests use, stops the start', () => {
    const jwk = JSON.stringify({ ...keyWithLeadingZero(), alg: 'ES256' });
    const problems = problemsWith({ AUTHSOME_SECRETS: `k1:${good}`, AUTHSOME_JWT_SIGNING_KEY: jwk });
    expect(problems).toContain('AUTHSOME_JWT_SIGNING_KEY');
    expect(problems).not.toContain(String((JSON.parse(jwk) as JsonWebKey).d));
  });
});

async function withPerson(
  env: Record<string, string>,
  work: (app: TestApp, person: SignedIn) => Promise<void>,
): Promise<void> {
  const app = await TestApp.start({ env });
  try {
    await work(app, await app.api.signUp(await tenantWith(app, { token_format: 'jwt' })));
  } finally {
    await app.close();
  }
}

/** One key in 256 is such a one. */
function keyWithLeadingZero(): JsonWebKey {
  for (;;) {
    const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
    if (Buffer.from(jwk.x ?? '', 'base64url')[0] === 0) return jwk;
  }
}
