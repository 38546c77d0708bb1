import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SignedIn } from '../../support/api-client.js';
import { OwnerView } from '../../support/owner-view.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

describe('members that nobody asked for', () => {
  let app: TestApp;
  let tenant: TestTenant;
  let ada: SignedIn;
  let view: OwnerView;

  beforeAll(async () => {
    app = await TestApp.start({ env: RAISED_LIMITS });
    tenant = await app.createTenant();
    ada = await app.api.signUp(tenant);
    view = await OwnerView.open(app.database);
  });
  afterAll(async () => {
    await view.close();
    await app.close();
  });

  const RESERVED = {
    id: 'ausr_01jd3v3x6pe0p9m2s5f7q8w9ab',
    app_id_: 'x',
    env_id: undefined,
    role: 'owner',
    roles: ['owner'],
    is_admin: true,
    admin: true,
    operator: true,
    every_app: true,
    email_verified: true,
    emailVerified: true,
    phone_verified: true,
    banned: true,
    ban_reason: 'x',
    created_at: '2001-01-01T00:00:00.000Z',
    updated_at: '2001-01-01T00:00:00.000Z',
    deleted_at: '2001-01-01T00:00:00.000Z',
    password_hash: '$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAA',
    passwordHash: 'x',
    mfa_enabled: true,
    auth_epoch: 99,
    version: 99,
    trusted: true,
    secret_hash: 'x',
  };

  const row = async (id: string): Promise<Record<string, unknown>> => {
    const [user] = await view.query<Record<string, unknown>>('SELECT * FROM users WHERE id = $1', [id]);
    if (user === undefined) throw new Error('no such user');
    return user;
  };

  it('R344: are not stored at sign-up', async () => {
    const { userId } = await app.api.signUp(tenant, RESERVED);
    expect(userId).not.toBe(RESERVED.id);
    expect(await row(userId)).toMatchObject({
      email_verified: false,
      phone_verified: false,
      banned: false,
      ban_reason: null,
      deleted_at: null,
      auth_epoch: 1,
      version: 1,
      metadata: {},
      app_id: tenant.scope.appId,
      env_id: tenant.scope.envId,
    });
    expect(await view.query('SELECT 1 FROM operators WHERE user_id = $1', [userId])).toEqual([]);
    const [{ password_hash: hash } = { password_hash: '' }] = await view.query<{ password_hash: string }>(
      'SELECT password_hash FROM user_passwords WHERE user_id = $1',
      [userId],
    );
    expect(hash).not.toBe(RESERVED.password_hash);
  });

  it('R345: change nothing in a profile', async () => {
    const { token, userId } = await app.api.signUp(tenant);
    const before = await row(userId);
    const body = {
      ...RESERVED,
      email: 'other@example.com',
      phone: '+4917000000',
      first_name: 'Ada',
    };
    expect((await app.api.patch('/v1/me', { token, body })).status).toBe(200);
    expect(await row(userId)).toEqual({
      ...before,
      first_name: 'Ada',
      version: 2,
      updated_at: expect.anything(),
    });
  });

  it('R345: change nothing in a device but its name', async () => {
    const { token } = await app.api.signUp(tenant);
    const [device] = (await app.api.get('/v1/devices', { token })).body.devices as { id: string }[];
    const read = async () => (await view.query<object>('SELECT * FROM devices WHERE id = $1', [device?.id]))[0];
    const before = await read();
    const body = {
      ...RESERVED,
      user_id: ada.userId,
      fingerprint: 'x',
      trusted_until: '2099-01-01T00:00:00Z',
      name: 'Mine',
    };
    expect((await app.api.patch(`/v1/devices/${device?.id}`, { token, body })).status).toBe(200);
    expect(await read()).toEqual({ ...before, name: 'Mine', version: 2, updated_at: expect.anything() });
  });

  it('R344: make no app the platform’s and no environment the default', async () => {
    const token = await app.platformOwner();
    const made = await app.api.post('/v1/admin/apps', {
      token,
      body: { ...RESERVED, name: 'A', slug: 'mass-assignment', is_platform: true, active: false, settings: { a: 1 } },
    });
    expect(made.body).toMatchObject({ is_platform: false, active: true });
    expect(made.body.settings).toBeUndefined();
    const environment = await app.api.post('/v1/environments', {
      token,
      query: { app_id: String(made.body.id) },
      body: { ...RESERVED, name: 'E', slug: 'e', type: 'staging', is_default: true, publishable_keys: ['pk_test_x'] },
    });
    expect(environment.body).toMatchObject({ is_default: false, app_id: made.body.id });
    expect(environment.body.publishable_keys).toEqual([expect.stringMatching(/^pk_stg_[0-9a-f]{32}$/)]);
  });

  it('R346: metadata of any name stay metadata', async () => {
    const metadata = {
      email_verified: 'true',
      role: 'owner',
      sub: 'x',
      app_id: 'y',
      id: 'z',
      banned: 'true',
      iss: 'evil',
    };
    const { token } = await app.api.signUp(tenant, { metadata });
    const me = await app.api.get('/v1/me', { token });
    expect(me.body).toMatchObject({ metadata, email_verified: false, banned: false, app_id: tenant.scope.appId });
    const seen = await app.api.post('/v1/introspect', { body: { token } });
    expect(seen.body).toMatchObject({ active: true, app_id: tenant.scope.appId });
    expect(JSON.stringify(seen.body)).not.toMatch(/owner|evil/);
  });
});
