import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { OperatorsService } from '../../../src/operators/operators.service.js';
import { type SignedIn, uniqueEmail } from '../../support/api-client.js';
import { OwnerView } from '../../support/owner-view.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { tokenOf } from '../../support/recording-mailer.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

interface Entry {
  readonly id: string;
  readonly action: string;
  readonly outcome: string;
  readonly actor_kind: string;
  readonly actor_id: string | null;
  readonly session_id: string | null;
  readonly target_type: string | null;
  readonly target_id: string | null;
  readonly app_id: string;
  readonly env_id: string | null;
  readonly request_id: string | null;
  readonly occurred_at: Date;
  readonly metadata: Record<string, unknown>;
  readonly personal: Record<string, unknown>;
}

const NEXT = 'another long passphrase';
const HERE = {
  remoteAddress: '198.51.100.23',
  headers: { 'x-request-id': 'audit-request-1', 'user-agent': 'Audit/1.0' },
};
const WHERE = { ip_address: '198.51.100.23', user_agent: 'Audit/1.0' };

describe('the audit trail', () => {
  let app: TestApp;
  let view: OwnerView;
  let tenant: TestTenant;

  beforeAll(async () => {
    app = await TestApp.start({ env: RAISED_LIMITS });
    view = await OwnerView.open(app.database);
    tenant = await app.createTenant();
  });
  afterAll(async () => {
    await view.close();
    await app.close();
  });

  /** What `work` wrote down, in order. */
  async function recordedBy(work: () => Promise<unknown>): Promise<Entry[]> {
    const known = new Set((await view.query<Entry>('SELECT id FROM audit_entries')).map(({ id }) => id));
    await work();
    const entries = await view.query<Entry>('SELECT * FROM audit_entries ORDER BY id');
    return entries.filter(({ id }) => !known.has(id));
  }

  function the(entries: readonly Entry[], action: string): Entry {
    const found = entries.filter((entry) => entry.action === action);
    if (found.length !== 1 || found[0] === undefined) {
      throw new Error(`${found.length} entries ${action} among ${entries.map((entry) => entry.action).join()}`);
    }
    return found[0];
  }

  /** Who, what, when, where and with what outcome (ASVS 16.2.1). */
  function expectComplete(entry: Entry, expected: Partial<Entry>): void {
    expect(entry).toMatchObject({
      app_id: tenant.scope.appId,
      env_id: tenant.scope.envId,
      request_id: 'audit-request-1',
      occurred_at: app.clock.now(),
      personal: WHERE,
      ...expected,
    });
  }

  const call = (
    method: string,
    path: string,
    { token, body, ...options }: { token?: string; body?: unknown; tenant?: TestTenant } = {},
  ) =>
    app.api.request(method, path, {
      ...HERE,
      ...options,
      ...(token && { token }),
      ...(body === undefined ? {} : { body }),
    });

  it('R302: says who signed up, in, out and on, when, from where and with what outcome', async () => {
    const email = uniqueEmail();
    const password = 'correct horse battery staple';
    const signUp = await recordedBy(() => call('POST', '/v1/signup', { tenant, body: { email, password } }));
    const userId = the(signUp, 'user.create').target_id;
    expectComplete(the(signUp, 'user.create'), { outcome: 'success', actor_kind: 'anonymous', target_type: 'user' });
    expectComplete(the(signUp, 'session.create'), { outcome: 'success', actor_kind: 'user', actor_id: userId });

    app.clock.advance(1_000);
    let answer = await call('POST', '/v1/signin', { tenant, body: { email, password } });
    const signIn = await recordedBy(async () => {
      answer = await call('POST', '/v1/signin', { tenant, body: { email, password } });
    });
    const sessionId = the(signIn, 'session.create').target_id;
    expectComplete(the(signIn, 'auth.sign_in'), {
      outcome: 'success',
      actor_kind: 'user',
      actor_id: userId,
      session_id: sessionId,
    });

    app.clock.advance(1_000);
    const refreshed = await recordedBy(async () => {
      answer = await call('POST', '/v1/refresh', { body: { refresh_token: answer.body.refresh_token } });
    });
    expectComplete(the(refreshed, 'session.refresh'), { outcome: 'success', actor_id: userId, session_id: sessionId });
    const token = String(answer.body.session_token);
    const out = await recordedBy(() => call('POST', '/v1/signout', { token }));
    expectComplete(the(out, 'session.sign_out'), { outcome: 'success', actor_id: userId, session_id: sessionId });
  });

  it('R302: says which sign-ins failed, for accounts that exist and for names that do not', async () => {
    const { email, userId } = await app.api.signUp(tenant);
    const wrong = await recordedBy(() => call('POST', '/v1/signin', { tenant, body: { email, password: 'wrong' } }));
    expectComplete(the(wrong, 'auth.sign_in'), {
      outcome: 'failure',
      actor_kind: 'anonymous',
      target_type: 'user',
      target_id: userId,
    });

    const nobody = uniqueEmail();
    const body = { email: nobody, password: 'wrong' };
    const unknown = await recordedBy(() => call('POST', '/v1/signin', { tenant, body }));
    expectComplete(the(unknown, 'auth.sign_in'), { outcome: 'failure', actor_kind: 'anonymous', target_id: null });
    expect(JSON.stringify(unknown)).not.toContain(nobody);
    const again = await recordedBy(() => call('POST', '/v1/signin', { tenant, body }));
    expect(the(again, 'auth.sign_in').metadata).toEqual(the(unknown, 'auth.sign_in').metadata);
  });

  it('R302: says when wrong passwords locked an account, once', async () => {
    for (const path of ['/v1/signin', '/v1/reauthenticate']) {
      const { email, token, userId } = await app.api.signUp(tenant);
      const entries = await recordedBy(async () => {
        for (let count = 0; count < 5; count += 1) {
          await call('POST', '/v1/signin', { tenant, body: { email, password: 'wrong' } });
        }
        for (let count = 0; count < 8; count += 1) {
          const options =
            path === '/v1/signin'
              ? { tenant, body: { email, password: 'wrong' } }
              : { token, body: { password: 'wrong' } };
          await call('POST', path, options);
        }
      });
      expect(entries.filter(({ metadata }) => metadata.locked === true)).toHaveLength(1);
      const events = await view.query('SELECT 1 FROM outbox WHERE name = $1 AND subject_id = $2', [
        'auth.account_locked',
        userId,
      ]);
      expect(events).toHaveLength(1);
    }
  });

  it.each([
    ['/v1/reauthenticate', { password: 'wrong' }],
    ['/v1/change-password', { current_password: 'wrong', new_password: NEXT }],
  ])('R302: says that a wrong password was given to %s', async (path, body) => {
    const { token, userId } = await app.api.signUp(tenant);
    const entries = await recordedBy(() => call('POST', path, { token, body }));
    expect(entries).toEqual([
      expect.objectContaining({ outcome: 'failure', actor_id: userId, request_id: 'audit-request-1' }),
    ]);
  });

  it('R302: says that a wrong code was given, for accounts that exist and for names that do not', async () => {
    const { email, userId, token } = await app.api.signUp(tenant);
    const code = '000000';
    const named = await recordedBy(() => call('POST', '/v1/verify-email', { tenant, body: { email, code } }));
    expectComplete(the(named, 'auth.verify_email'), { outcome: 'failure', actor_kind: 'anonymous', target_id: userId });
    const own = await recordedBy(() => call('POST', '/v1/verify-email', { token, body: { code } }));
    expectComplete(the(own, 'auth.verify_email'), { outcome: 'failure', actor_id: userId, target_id: userId });
    const body = { email: uniqueEmail(), code };
    const unknown = await recordedBy(() => call('POST', '/v1/verify-email', { tenant, body }));
    expectComplete(the(unknown, 'auth.verify_email'), { outcome: 'failure', target_id: null });
    expect(JSON.stringify(unknown)).not.toContain(body.email);
  });

  it('R302: says what became of passwords, addresses and proofs of identity', async () => {
    const ada = await app.api.signUp(tenant);
    const { token, userId, email, password } = ada;
    const user = { outcome: 'success', target_type: 'user', target_id: userId } as const;
    const forgot = await recordedBy(async () => {
      await call('POST', '/v1/forgot-password', { tenant, body: { email } });
      await app.drain();
    });
    // The look-up is a job's: it has no request of its own.
    expect(the(forgot, 'auth.forgot_password')).toMatchObject({ ...user, actor_kind: 'anonymous' });

    const again = await recordedBy(() => call('POST', '/v1/reauthenticate', { token, body: { password } }));
    expectComplete(the(again, 'session.reauthenticate'), { outcome: 'success', actor_id: userId });

    const change = { current_password: password, new_password: NEXT };
    let changed: SignedIn['token'] = '';
    const entries = await recordedBy(async () => {
      changed = String((await call('POST', '/v1/change-password', { token, body: change })).body.session_token);
    });
    expectComplete(the(entries, 'auth.password_changed'), { ...user, actor_id: userId });

    const moved = uniqueEmail();
    const asked = await recordedBy(() =>
      call('POST', '/v1/me/change-email', { token: changed, body: { email: moved } }),
    );
    expectComplete(the(asked, 'auth.email_change_requested'), { ...user, actor_id: userId });
    await app.drain();
    const confirm = { token: tokenOf(app.mailer.last(moved, 'change_email')) };
    const confirmed = await recordedBy(() => call('POST', '/v1/change-email/confirm', { body: confirm }));
    expectComplete(the(confirmed, 'user.email_changed'), user);
    await app.drain();
    const undo = { token: tokenOf(app.mailer.last(email, 'email_changed')) };
    const undone = await recordedBy(() => call('POST', '/v1/change-email/undo', { body: undo }));
    expectComplete(the(undone, 'auth.email_change_undone'), { ...user, actor_kind: 'anonymous' });
    expectComplete(the(undone, 'session.revoke'), { outcome: 'success' });

    await call('POST', '/v1/forgot-password', { tenant, body: { email } });
    await app.drain();
    const reset = { token: tokenOf(app.mailer.last(email, 'reset_password')), new_password: 'a third long passphrase' };
    const restored = await recordedBy(() => call('POST', '/v1/reset-password', { body: reset }));
    expectComplete(the(restored, 'auth.password_reset'), user);
  });

  it('R302: says when a refresh token came back that had been exchanged', async () => {
    const ada = await app.api.signUp(tenant);
    await app.api.post('/v1/refresh', { body: { refresh_token: ada.refreshToken } });
    app.clock.advance(60_000);
    const entries = await recordedBy(() => call('POST', '/v1/refresh', { body: { refresh_token: ada.refreshToken } }));
    expectComplete(the(entries, 'session.refresh_token_replayed'), { outcome: 'failure', target_type: 'session' });
  });

  it('R302: says which operator did what to whom, in the tenant it was done to', async () => {
    const ada = await app.api.signUp(tenant);
    const token = await app.operatorOf(tenant.scope.appId);
    const operatorId = String((await app.api.get('/v1/me', { token })).body.id);
    const query = `?app_id=${tenant.scope.appId}`;
    const ban = await recordedBy(() =>
      call('POST', `/v1/admin/users/${ada.userId}/ban${query}`, { token, body: { reason: 'x' } }),
    );
    expectComplete(the(ban, 'admin.user.ban'), { outcome: 'success', actor_id: operatorId, target_id: ada.userId });
    const unban = await recordedBy(() => call('POST', `/v1/admin/users/${ada.userId}/unban${query}`, { token }));
    expectComplete(the(unban, 'admin.user.unban'), { outcome: 'success', actor_id: operatorId, target_id: ada.userId });
    const config = await recordedBy(() =>
      call('PUT', `/v1/admin/apps/${tenant.scope.appId}/client-config`, { token, body: { app_name: 'Named' } }),
    );
    expectComplete(the(config, 'setting.set'), {
      outcome: 'success',
      actor_id: operatorId,
      target_id: 'branding.app_name',
      env_id: null,
    });
  });

  it('R302: says what was done with devices and personal data', async () => {
    const { token, userId } = await app.api.signUp(tenant);
    const [device] = (await app.api.get('/v1/devices', { token })).body.devices as { id: string }[];
    for (const [method, path, body, action] of [
      ['PATCH', `/v1/devices/${device?.id}`, { name: 'Mine' }, 'device.updated'],
      ['PATCH', `/v1/devices/${device?.id}/trust`, undefined, 'device.trusted'],
      ['GET', '/v1/me/export', undefined, 'user.export'],
    ] as const) {
      const entries = await recordedBy(() => call(method, path, { token, body }));
      expectComplete(the(entries, action), { outcome: 'success', actor_id: userId });
    }
    const gone = await recordedBy(() => call('DELETE', '/v1/me', { token }));
    expect(the(gone, 'user.erase')).toMatchObject({ outcome: 'success', target_id: userId });
  });

  it('R302: says who became an operator', async () => {
    const operator = { email: uniqueEmail(), password: NEXT };
    const entries = await recordedBy(() => app.get(OperatorsService).create(operator, tenant.scope.appId));
    expect(the(entries, 'operator.grant')).toMatchObject({
      outcome: 'success',
      actor_kind: 'system',
      target_type: 'user',
    });
  });

  it('R302: is written with the change or not at all', async () => {
    const { email } = await app.api.signUp(tenant);
    await view.query('ALTER TABLE audit_entries RENAME TO audit_entries_away');
    try {
      const answer = await app.api.post('/v1/signin', {
        tenant,
        body: { email, password: 'correct horse battery staple' },
      });
      expect(answer.status).toBe(500);
    } finally {
      await view.query('ALTER TABLE audit_entries_away RENAME TO audit_entries');
    }
    const sessions = await view.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.email = $1',
      [email],
    );
    expect(sessions).toEqual([{ count: 1 }]);
  });

  it('R304: cannot be changed or emptied by the service’s role, past and future months included', async () => {
    app.clock.advance(40 * 86_400_000);
    await app.drain();
    const tables = [...(await view.tables()).keys()].filter((table) => table.startsWith('audit_entries'));
    expect(tables.length).toBeGreaterThan(3);
    const client = new Client({ connectionString: app.database.runtimeUrl });
    await client.connect();
    try {
      for (const table of ['audit_entries', ...tables]) {
        for (const statement of [
          `UPDATE ${table} SET outcome = 'success'`,
          `DELETE FROM ${table}`,
          `TRUNCATE ${table}`,
          `DROP TABLE ${table}`,
        ]) {
          const refused = client.query(statement).then(
            () => 'done',
            ({ code }: { code: string }) => code,
          );
          expect([statement, await refused]).toEqual([statement, '42501']);
        }
      }
    } finally {
      await client.end();
    }
  });
});
