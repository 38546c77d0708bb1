import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PASSWORD } from '../support/api-client.js';
import { tokenOf } from '../support/recording-mailer.js';
import { TestApp, type TestTenant } from '../support/test-app.js';

describe('the first minutes of an account', () => {
  let app: TestApp;
  let tenant: TestTenant;

  beforeAll(async () => {
    app = await TestApp.start();
    tenant = await app.createTenant();
  });
  afterAll(() => app.close());

  it('signs up, reads, refreshes, signs out and in again, with the tokens of the answers', async () => {
    const ada = await app.api.signUp(tenant, { email: 'ada@example.com', name: 'Ada Lovelace' });
    const me = await app.api.get('/v1/me', { token: ada.token });
    expect(me.body).toMatchObject({
      email: 'ada@example.com',
      first_name: 'Ada',
      last_name: 'Lovelace',
      name: 'Ada Lovelace',
    });

    const refreshed = await app.api.post('/v1/refresh', { body: { refresh_token: ada.refreshToken } });
    expect(refreshed.status).toBe(200);
    expect((await app.api.get('/v1/me', { token: ada.token })).status).toBe(401);
    const token = refreshed.body.session_token as string;
    expect((await app.api.get('/v1/me', { token })).status).toBe(200);

    expect((await app.api.post('/v1/signout', { token })).body).toEqual({ status: 'signed out' });
    expect((await app.api.get('/v1/me', { token })).status).toBe(401);
    const again = await app.api.signIn(tenant, ada);
    expect((await app.api.get('/v1/me', { token: again.token })).status).toBe(200);
  });

  it('verifies the address with the mailed code, which also signs in', async () => {
    const bob = await app.api.signUp(tenant, { email: 'bob@example.com' });
    await app.drain();
    const { code } = app.mailer.last('bob@example.com', 'verify_email');
    const verified = await app.api.post('/v1/verify-email', { tenant, body: { email: 'bob@example.com', code } });
    expect(verified.status).toBe(200);
    expect(verified.body.user).toMatchObject({ id: bob.userId, email_verified: true });
  });

  it('resets a forgotten password with the mailed link and ends every session', async () => {
    const eve = await app.api.signUp(tenant, { email: 'eve@example.com' });
    expect((await app.api.post('/v1/forgot-password', { tenant, body: { email: 'eve@example.com' } })).body).toEqual({
      status: 'ok',
    });
    await app.drain();
    const token = tokenOf(app.mailer.last('eve@example.com', 'reset_password'));
    const reset = await app.api.post('/v1/reset-password', {
      body: { token, new_password: 'another long passphrase' },
    });
    expect(reset.status).toBe(200);
    expect((await app.api.get('/v1/me', { token: eve.token })).status).toBe(401);
    expect(
      (await app.api.post('/v1/signin', { tenant, body: { email: 'eve@example.com', password: PASSWORD } })).status,
    ).toBe(401);
    await app.api.signIn(tenant, { email: 'eve@example.com', password: 'another long passphrase' });
  });
});
