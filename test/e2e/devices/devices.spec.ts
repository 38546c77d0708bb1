import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DevicesService } from '../../../src/devices/devices.service.js';
import type { Id } from '../../../src/kernel/ids/id.js';
import { PASSWORD, type RequestOptions, type SignedIn } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { OwnerView } from '../../support/owner-view.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { isDead, works } from '../../support/session-checks.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

interface Device {
  readonly id: string;
  readonly name?: string;
  readonly fingerprint: string;
  readonly trusted: boolean;
  readonly trusted_until?: string;
  readonly current: boolean;
}

const DAY_MS = 86_400_000;
const FINGERPRINT = { 'x-device-fingerprint': 'the-fingerprint-of-a-laptop' };
const NEW_PASSWORD = 'another long passphrase';

let app: TestApp;
let tenant: TestTenant;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  tenant = await app.createTenant();
});
afterAll(() => app.close());

async function devicesOf(token: string): Promise<Device[]> {
  return (await app.api.get('/v1/devices', { token })).body.devices as Device[];
}

async function currentDevice(token: string): Promise<Device> {
  const device = (await devicesOf(token)).find(({ current }) => current);
  if (device === undefined) throw new Error('no device is the current one');
  return device;
}

const withSecret = (deviceToken: string | undefined): RequestOptions => ({
  headers: { ...FINGERPRINT, 'x-device-token': deviceToken ?? '' },
});

/** Somebody whose laptop is trusted, with the secret that the trust gave it. */
async function withTrustedLaptop(): Promise<SignedIn & { readonly deviceId: string; readonly secret: string }> {
  const { email } = await app.api.signUp(tenant);
  const person = await app.api.signIn(tenant, { email, password: PASSWORD }, { headers: FINGERPRINT });
  const { id } = await currentDevice(person.token);
  const trusted = await app.api.patch(`/v1/devices/${id}/trust`, { token: person.token });
  expect(trusted.status).toBe(200);
  return { ...person, deviceId: id, secret: trusted.body.device_token as string };
}

describe('devices', () => {
  it('R091: are recognised by the secret the service issued, which it stores as a hash and shows once', async () => {
    const first = await app.api.signUp(tenant);
    const again = await app.api.signIn(tenant, first, { headers: { 'x-device-token': first.deviceToken ?? '' } });
    expect(first.deviceToken).toMatch(/^[0-9a-f]{64}$/);
    expect(again.deviceToken).toBeUndefined();
    expect((await currentDevice(again.token)).id).toBe((await currentDevice(first.token)).id);
    expect(await devicesOf(first.token)).toHaveLength(1);
    const view = await OwnerView.open(app.database);
    const stored = [...(await view.dump()).values()].flat().join('\n');
    await view.close();
    expect(stored).not.toContain(first.deviceToken);
    expect(stored).not.toContain(Buffer.from(first.deviceToken ?? '', 'hex').toString('base64'));
  });

  it('are described for people, renamed by their owner, and guarded against lost updates', async () => {
    const { token } = await app.api.signUp(tenant);
    const device = await currentDevice(token);
    expect(device).toMatchObject({ name: 'Chrome on Linux', type: 'desktop', browser: 'Chrome', trusted: false });
    const path = `/v1/devices/${device.id}`;
    const { headers } = await app.api.get(path, { token });
    const ifMatch = { 'if-match': String(headers.etag) };
    const renamed = await app.api.patch(path, { token, headers: ifMatch, body: { name: 'Work laptop' } });
    expect(renamed.body.name).toBe('Work laptop');
    expectProblem(await app.api.patch(path, { token, headers: ifMatch, body: { name: 'Late' } }), 412);
    expect((await currentDevice(token)).name).toBe('Work laptop');
  });

  it('R044: of another person are neither read, renamed, trusted nor removed: 404, and they are unchanged', async () => {
    const victim = await app.api.signUp(tenant);
    const attacker = await app.api.signUp(tenant);
    const before = await currentDevice(victim.token);
    const path = `/v1/devices/${before.id}`;
    const { token } = attacker;
    expectProblem(await app.api.get(path, { token }), 404, 'device_not_found');
    expectProblem(await app.api.patch(path, { token, body: { name: 'Mine' } }), 404, 'device_not_found');
    expectProblem(await app.api.patch(`${path}/trust`, { token }), 404, 'device_not_found');
    expectProblem(await app.api.delete(path, { token }), 404, 'device_not_found');
    expect(await currentDevice(victim.token)).toEqual(before);
    expect((await devicesOf(token)).map(({ id }) => id)).not.toContain(before.id);
    expect(await works(app, victim)).toBe(true);
  });

  it('that are removed take their sessions with them, and no others', async () => {
    const here = await app.api.signUp(tenant);
    const there = await app.api.signIn(tenant, here, { headers: { 'user-agent': 'curl/8.5.0' } });
    const { id } = await currentDevice(there.token);
    expect((await app.api.delete(`/v1/devices/${id}`, { token: here.token })).status).toBe(200);
    expect(await isDead(app, there)).toBe(true);
    expect(await works(app, here)).toBe(true);
  });
});

describe('trust in a device', () => {
  it('R091: stays with the device that holds the secret; a copy of its fingerprint, name and agent is another device', async () => {
    const person = await withTrustedLaptop();
    const copied = await app.api.signIn(tenant, person, { headers: FINGERPRINT });
    const impostor = await currentDevice(copied.token);
    expect(impostor.id).not.toBe(person.deviceId);
    expect(impostor.trusted).toBe(false);
    const genuine = await app.api.signIn(tenant, person, withSecret(person.secret));
    expect(await currentDevice(genuine.token)).toMatchObject({ id: person.deviceId, trusted: true });
  });

  it('R091: gives the device that asks a new secret, and the one from before is worth nothing', async () => {
    const person = await withTrustedLaptop();
    expect(person.secret).not.toBe(person.deviceToken);
    const outdated = await app.api.signIn(tenant, person, withSecret(person.deviceToken));
    expect((await currentDevice(outdated.token)).trusted).toBe(false);
  });

  it('R091: an invented or empty secret is none', async () => {
    const person = await withTrustedLaptop();
    for (const secret of ['0'.repeat(64), '', 'x', person.secret.toUpperCase(), `${person.secret}0`]) {
      const { token } = await app.api.signIn(tenant, person, withSecret(secret));
      expect((await currentDevice(token)).trusted).toBe(false);
    }
  });

  it('R092: another person’s device secret helps nobody, and takes the device from nobody', async () => {
    const owner = await withTrustedLaptop();
    const other = await app.api.signUp(tenant);
    const borrowed = await app.api.signIn(tenant, other, withSecret(owner.secret));
    expect(await currentDevice(borrowed.token)).toMatchObject({ trusted: false });
    expect((await currentDevice(borrowed.token)).id).not.toBe(owner.deviceId);
    const known = await app.get(DevicesService).isKnown(tenant.scope, other.userId as Id<'user'>, owner.secret);
    expect(known).toBe(false);
    expect(await currentDevice(owner.token)).toMatchObject({ id: owner.deviceId, trusted: true });
  });

  it('R092: ends after thirty days', async () => {
    const person = await withTrustedLaptop();
    const device = await currentDevice(person.token);
    expect(device.trusted_until).toBe(app.clock.in(30 * DAY_MS).toISOString());
    app.clock.advance(30 * DAY_MS - 1);
    const before = await app.api.signIn(tenant, person, withSecret(person.secret));
    expect(await currentDevice(before.token)).toMatchObject({ id: person.deviceId, trusted: true });
    app.clock.advance(1);
    const after = await currentDevice(before.token);
    expect(after).toMatchObject({ id: person.deviceId, trusted: false });
    expect(after).not.toHaveProperty('trusted_until');
  });

  it('R092: ends with a password change, on every device, and the secret does not bring it back', async () => {
    const person = await withTrustedLaptop();
    const phone = await app.api.signIn(tenant, person, { headers: { 'x-device-fingerprint': 'a-phone' } });
    await app.api.patch(`/v1/devices/${(await currentDevice(phone.token)).id}/trust`, { token: phone.token });
    const changed = await app.api.post('/v1/change-password', {
      token: person.token,
      body: { current_password: PASSWORD, new_password: NEW_PASSWORD },
    });
    expect(changed.status).toBe(200);
    const credentials = { email: person.email, password: NEW_PASSWORD };
    const again = await app.api.signIn(tenant, credentials, withSecret(person.secret));
    const devices = await devicesOf(again.token);
    expect(devices.length).toBeGreaterThanOrEqual(2);
    expect(devices.filter(({ trusted }) => trusted)).toEqual([]);
    expect((await currentDevice(again.token)).id).toBe(person.deviceId);
  });

  it('R092: ends with a password reset, also when an untrusted device of the same fingerprint came in between', async () => {
    const person = await withTrustedLaptop();
    await app.api.signIn(tenant, person, { headers: FINGERPRINT });
    await app.api.post('/v1/forgot-password', { tenant, body: { email: person.email } });
    await app.drain();
    const { link } = app.mailer.last(person.email, 'reset_password');
    const token = new URLSearchParams(new URL(link ?? '').hash.slice(1)).get('token');
    const reset = await app.api.post('/v1/reset-password', { body: { token, new_password: NEW_PASSWORD } });
    expect(reset.status).toBe(200);
    const credentials = { email: person.email, password: NEW_PASSWORD };
    const again = await app.api.signIn(tenant, credentials, withSecret(person.secret));
    expect((await devicesOf(again.token)).filter(({ trusted }) => trusted)).toEqual([]);
  });

  it('R092: ends when the device is removed: its secret is a stranger’s from then on', async () => {
    const person = await withTrustedLaptop();
    const elsewhere = await app.api.signIn(tenant, person, { headers: { 'user-agent': 'curl/8.5.0' } });
    expect((await app.api.delete(`/v1/devices/${person.deviceId}`, { token: elsewhere.token })).status).toBe(200);
    const again = await app.api.signIn(tenant, person, withSecret(person.secret));
    expect(await currentDevice(again.token)).toMatchObject({ trusted: false });
    expect((await currentDevice(again.token)).id).not.toBe(person.deviceId);
  });
});
