import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, PASSWORD, uniqueEmail } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { linkToken } from '../support/mail-sink.js';
import type { Replica } from '../support/replica.js';
import { Replicas, WITH_OWNER } from '../support/replicas.js';
import { tokensOf } from '../support/session-checks.js';
import type { TestTenant } from '../support/test-app.js';

const REUSE_WINDOW_MS = 10_000;

let replicas: Replicas;
let folder: string;
let offsetFile: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'authsome-replicas-'));
  offsetFile = path.join(folder, 'offset');
  replicas = await Replicas.start({
    ...WITH_OWNER,
    AUTHSOME_CLOCK_OFFSET_FILE: offsetFile,
    // The cap of the code itself must hold without the limit of the account.
    AUTHSOME_LIMIT_CODE_GUESSES_PER_ACCOUNT: '100000/15m',
  });
});
afterEach(() => expect(replicas.errors).toEqual([]));
afterAll(async () => {
  await replicas.stop();
  await rm(folder, { recursive: true });
});

const statuses = (answers: readonly Answer[]) => answers.map(({ status }) => status).sort((a, b) => a - b);
const times = (count: number, status: number) => Array.from({ length: count }, () => status);

const refresh = (replica: Replica, refreshToken: string): Promise<Answer> =>
  replica.post('/v1/refresh', { body: { refresh_token: refreshToken } });

const jobsAreDone = () =>
  eventually('the end of all jobs', async () => (await replicas.count('SELECT count(*) FROM jobs')) === 0);

describe('refresh tokens', () => {
  it('R063, R064, R066, F11: a hundred parallel refreshes rotate once and give one successor; a late replay burns it, with one alert', async () => {
    const families = [];
    for (let trial = 1; trial <= 20; trial += 1) {
      const { userId, refreshToken } = await replicas.signUp();
      const answers = await replicas.race(100, (replica) => refresh(replica, refreshToken));
      expect(statuses(answers)).toEqual(times(100, 200));
      expect(new Set(answers.map((answer) => JSON.stringify(tokensOf(answer)))).size).toBe(1);
      const successor = tokensOf(answers[0] as Answer);
      const [session] = await replicas.view.query(
        `SELECT refresh_generation AS refreshes, access_generation AS accesses FROM sessions WHERE user_id = $1`,
        [userId],
      );
      expect(session).toEqual({ refreshes: 1, accesses: 1 });
      for (const replica of [replicas.first, replicas.second]) {
        expect((await replicas.me(replica, successor.token)).status).toBe(200);
      }
      const next = await refresh(replicas.second, successor.refreshToken);
      expect(next.status).toBe(200);
      families.push({ userId, replayed: successor.refreshToken, newest: tokensOf(next) });
    }
    await writeFile(offsetFile, String(2 * REUSE_WINDOW_MS));
    for (const { userId, replayed, newest } of families) {
      // Until both replicas have read the new time, a repeat is a repeat.
      await eventually('the end of the window', async () => (await refresh(replicas.first, replayed)).status === 401);
      await eventually('the end of the window', async () => (await refresh(replicas.second, replayed)).status === 401);
      const storm = await replicas.race(20, (replica) => refresh(replica, replayed));
      expect(statuses(storm)).toEqual(times(20, 401));
      expect((await refresh(replicas.first, newest.refreshToken)).status).toBe(401);
      const alerts = await replicas.count(
        `SELECT count(*) FROM outbox WHERE name = 'auth.refresh_token_replayed' AND subject_id = $1`,
        [userId],
      );
      expect(alerts).toBe(1);
    }
  });
});

describe('accounts', () => {
  it('R024: a hundred parallel sign-ups of one address make one user, one verification mail and one event', async () => {
    const email = uniqueEmail();
    const answers = await replicas.race(100, (replica) =>
      replica.post('/v1/signup', { tenant: replicas.tenant, body: { email, password: PASSWORD } }),
    );
    expect(statuses(answers)).toEqual(times(100, 201));
    const users = await replicas.view.query<{ id: string }>('SELECT id FROM users WHERE email = $1', [email]);
    expect(users).toHaveLength(1);
    const events = `SELECT count(*) FROM outbox WHERE name = 'user.created' AND payload ->> 'email' = $1`;
    expect(await replicas.count(events, [email])).toBe(1);
    await jobsAreDone();
    expect(replicas.mails.to(email, 'verify_email')).toHaveLength(1);
    const open = await Promise.all(answers.map((answer) => replicas.me(replicas.first, tokensOf(answer).token)));
    expect(open.filter(({ status }) => status === 200).map(({ body }) => body.id)).toEqual([users[0]?.id]);
  });

  it('R110: of fifty parallel wrong guesses five count, and then the right code fails too', async () => {
    const { email, userId } = await replicas.signUp();
    const { code } = await replicas.mails.waitFor(email, 'verify_email');
    const guess = (replica: Replica, guessed: string) =>
      replica.post('/v1/verify-email', { tenant: replicas.tenant, body: { email, code: guessed } });
    const wrong = (index: number) => String((Number(code) + 1 + index) % 1_000_000).padStart(6, '0');
    const answers = await replicas.race(50, (replica, index) => guess(replica, wrong(index)));
    expect(statuses(answers)).toEqual(times(50, 401));
    const [challenge] = await replicas.view.query(
      `SELECT attempts FROM challenges WHERE user_id = $1 AND purpose = 'verify_email'`,
      [userId],
    );
    expect(challenge).toEqual({ attempts: 5 });
    expect((await guess(replicas.second, code ?? '')).status).toBe(401);
    const [user] = await replicas.view.query('SELECT email_verified AS verified FROM users WHERE id = $1', [userId]);
    expect(user).toEqual({ verified: false });
  });

  it('R121: of fifty parallel uses of one reset token one succeeds, and its password alone works', async () => {
    const { email } = await replicas.signUp();
    await replicas.first.post('/v1/forgot-password', { tenant: replicas.tenant, body: { email } });
    const token = linkToken(await replicas.mails.waitFor(email, 'reset_password'));
    const password = (index: number) => `the password of attempt ${index}`;
    const answers = await replicas.race(50, (replica, index) =>
      replica.post('/v1/reset-password', { body: { token, new_password: password(index) } }),
    );
    expect(statuses(answers)).toEqual([200, ...times(49, 401)]);
    const winner = answers.findIndex(({ status }) => status === 200);
    const signIn = (tried: string) =>
      replicas.second.post('/v1/signin', { tenant: replicas.tenant, body: { email, password: tried } });
    for (const loser of [(winner + 1) % 50, (winner + 25) % 50]) {
      expect((await signIn(password(loser))).status).toBe(401);
    }
    expect((await signIn(PASSWORD)).status).toBe(401);
    expect((await signIn(password(winner))).status).toBe(200);
  });

  it('R130: two people who confirm one new address at the same moment: one has it, the other is told that it is taken', async () => {
    for (let trial = 1; trial <= 5; trial += 1) {
      const wanted = uniqueEmail();
      for (const { token } of [await replicas.signUp(), await replicas.signUp()]) {
        const asked = await replicas.first.post('/v1/me/change-email', { token, body: { email: wanted } });
        expect(asked.status).toBe(200);
      }
      await eventually('both mails', () => replicas.mails.to(wanted, 'change_email').length === 2);
      const tokens = replicas.mails.to(wanted, 'change_email').map(linkToken);
      const answers = await replicas.race(2, (replica, index) =>
        replica.post('/v1/change-email/confirm', { body: { token: tokens[index] } }),
      );
      expect(statuses(answers)).toEqual([200, 409]);
      expect(await replicas.count('SELECT count(*) FROM users WHERE email = $1', [wanted])).toBe(1);
    }
  });
});

describe('limits', () => {
  const signIn = (replica: Replica, email: string, password: string) =>
    replica.post('/v1/signin', { tenant: replicas.tenant, body: { email, password } });
  const checkedPasswords = (userId: string) =>
    replicas.count(
      `SELECT count(*) FROM audit_entries WHERE action = 'auth.sign_in' AND outcome = 'failure' AND target_id = $1`,
      [userId],
    );

  it('R157: of a hundred wrong passwords at once ten are looked at', async () => {
    const { email, userId } = await replicas.signUp();
    const answers = await replicas.race(100, (replica, index) => signIn(replica, email, `wrong password ${index}`));
    expect(statuses(answers)).toEqual([...times(10, 401), ...times(90, 429)]);
    expect(await checkedPasswords(userId)).toBe(10);
    const locked = `SELECT count(*) FROM outbox WHERE name = 'auth.account_locked' AND subject_id = $1`;
    expect(await replicas.count(locked, [userId])).toBe(1);
  });

  it('R158: tries that alternate between the replicas share one limit, and then neither takes the right password', async () => {
    const { email, userId } = await replicas.signUp();
    for (let attempt = 0; attempt < 10; attempt += 1) {
      expect((await signIn(replicas.at(attempt), email, 'wrong password')).status).toBe(401);
    }
    for (const replica of [replicas.first, replicas.second]) {
      expect((await signIn(replica, email, 'wrong password')).status).toBe(429);
      expect((await signIn(replica, email, PASSWORD)).status).toBe(429);
    }
    expect(await checkedPasswords(userId)).toBe(10);
  });

  // Each from a device of its own: what one device does is done one after the other anyway.
  const signInAnew = (replica: Replica, tenant: TestTenant, email: string) =>
    replica.post('/v1/signin', {
      tenant,
      headers: { 'x-device-fingerprint': randomUUID() },
      body: { email, password: PASSWORD },
    });
  const liveSessions = (userId: string) =>
    replicas.count('SELECT count(*) FROM sessions WHERE user_id = $1 AND ended_at IS NULL', [userId]);

  it('R038: fifty parallel sign-ins under a cap of three leave three live sessions', async () => {
    const tenant = await replicas.tenantWith({ max_active_sessions: 3 });
    const { email, userId } = await replicas.signUp(tenant);
    // A later sign-in would mend what two have done together: the cap is looked at after every few.
    for (let round = 1; round <= 10; round += 1) {
      expect(statuses(await replicas.race(4, (replica) => signInAnew(replica, tenant, email)))).toEqual(times(4, 200));
      expect(await liveSessions(userId)).toBe(3);
    }
    const answers = await replicas.race(50, (replica) => signInAnew(replica, tenant, email));
    expect(statuses(answers)).toEqual(times(50, 200));
    expect(await liveSessions(userId)).toBe(3);
    for (const replica of [replicas.first, replicas.second]) {
      const looks = await Promise.all(answers.map((answer) => replicas.me(replica, tokensOf(answer).token)));
      expect(statuses(looks)).toEqual([...times(3, 200), ...times(47, 401)]);
    }
    const evicted = `SELECT count(*) FROM outbox WHERE name = 'session.revoked' AND subject_id = $1`;
    expect(await replicas.count(evicted, [userId])).toBe(1 + 10 * 4 + 50 - 3);
  });

  it('R038: of parallel sign-ins none is answered with a session that it has ended itself', async () => {
    const tenant = await replicas.tenantWith({ max_active_sessions: 1 });
    const { email, userId } = await replicas.signUp(tenant);
    for (let round = 1; round <= 10; round += 1) {
      expect(statuses(await replicas.race(4, (replica) => signInAnew(replica, tenant, email)))).toEqual(times(4, 200));
      expect(await liveSessions(userId)).toBe(1);
    }
    const stillborn = `SELECT count(*) FROM outbox c JOIN outbox r USING (subject_id, tx_id)
      WHERE subject_id = $1 AND c.name = 'session.created' AND r.name = 'session.revoked'
        AND c.payload ->> 'session_id' = r.payload ->> 'session_id'`;
    expect(await replicas.count(stillborn, [userId])).toBe(0);
  });
});

describe('idempotency keys', () => {
  async function expectOneEffect(send: (replica: Replica) => Promise<Answer>): Promise<void> {
    const answers = await replicas.race(50, send);
    const done = answers.filter(({ status }) => status < 300);
    expect(done.length).toBeGreaterThan(0);
    for (const { status, body } of answers) if (status >= 300) expect(body.type).toBe('idempotency_in_progress');
    for (const replica of [replicas.first, replicas.second]) {
      const again = await send(replica);
      expect(again.status).toBe(done[0]?.status);
      expect(again.headers['idempotency-replayed']).toBe('true');
      done.push(again);
    }
    expect(new Set(done.map(({ text }) => text)).size).toBe(1);
  }

  it('F10: fifty parallel sign-ups with one key make one account and give one answer, on both replicas, then and later', async () => {
    const body = { email: uniqueEmail(), password: PASSWORD };
    const headers = { 'idempotency-key': randomUUID() };
    await expectOneEffect((replica) => replica.post('/v1/signup', { tenant: replicas.tenant, headers, body }));
    expect(await replicas.count('SELECT count(*) FROM users WHERE email = $1', [body.email])).toBe(1);
    const events = `SELECT count(*) FROM outbox WHERE name = 'user.created' AND payload ->> 'email' = $1`;
    expect(await replicas.count(events, [body.email])).toBe(1);
    const other = { tenant: replicas.tenant, headers, body: { ...body, email: uniqueEmail() } };
    for (const replica of [replicas.first, replicas.second]) {
      expect((await replica.post('/v1/signup', other)).body.type).toBe('idempotency_key_reused');
    }
  });

  it('F10: an operator’s fifty parallel requests with one key make one app, and its answer goes to nobody else', async () => {
    const token = await replicas.platformOwner();
    const headers = { 'idempotency-key': randomUUID() };
    const body = { name: 'Acme', slug: `app-${randomUUID().slice(0, 8)}` };
    await expectOneEffect((replica) => replica.post('/v1/admin/apps', { token, headers, body }));
    expect(await replicas.count('SELECT count(*) FROM apps WHERE slug = $1', [body.slug])).toBe(1);
    const { token: stranger } = await replicas.signUp();
    for (const other of [{ token: stranger }, {}]) {
      const refused = await replicas.second.post('/v1/admin/apps', { ...other, headers, body });
      expect([401, 403]).toContain(refused.status);
      expect(refused.body).not.toHaveProperty('slug');
    }
  });

  it('F04: many sign-ups of known addresses, each with a key of its own, do not wait for each other’s connections', async () => {
    const { email } = await replicas.signUp();
    const answers = await replicas.race(100, (replica) =>
      replica.post('/v1/signup', {
        tenant: replicas.tenant,
        headers: { 'idempotency-key': randomUUID() },
        body: { email, password: PASSWORD },
      }),
    );
    expect(statuses(answers)).toEqual(times(100, 201));
    expect(await replicas.count('SELECT count(*) FROM users WHERE email = $1', [email])).toBe(1);
  });

  it('F10: what is stored of an answer holds no token in clear', async () => {
    const body = { email: uniqueEmail(), password: PASSWORD };
    const headers = { 'idempotency-key': randomUUID() };
    const { token, refreshToken } = tokensOf(
      await replicas.first.post('/v1/signup', { tenant: replicas.tenant, headers, body }),
    );
    const rows = (await replicas.view.dump()).get('idempotency_records') ?? [];
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      const stored = Buffer.from(/"answer": "\\\\x([0-9a-f]*)"/.exec(row)?.[1] ?? '', 'hex').toString('latin1');
      for (const secret of [token, refreshToken, headers['idempotency-key'], PASSWORD, body.email]) {
        expect(stored).not.toContain(secret);
        expect(row).not.toContain(secret);
      }
    }
  });
});
