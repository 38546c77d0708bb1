import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { StartRefused } from '../../../src/bootstrap/start-refused.js';
import { FakeClock } from '../../../src/kernel/clock/fake-clock.js';
import { type RequestOptions, type SignedIn, uniqueEmail } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { OwnerView } from '../../support/owner-view.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { tokenOf } from '../../support/recording-mailer.js';
import { tokensOf } from '../../support/session-checks.js';
import { tenantWith } from '../../support/session-policy.js';
import { NOON, TestApp, type TestTenant } from '../../support/test-app.js';

const DAY_MS = 86_400_000;

const key = (id: string): string => `${id}:${randomBytes(32).toString('base64')}`;
const OLD = key('old');
const NEW = key('new');

/** A service on a database that outlives it. */
async function on<T>(database: TestDatabase, secrets: string, work: (app: TestApp) => Promise<T>): Promise<T> {
  const app = await TestApp.start({ database, env: { AUTHSOME_SECRETS: secrets } });
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

describe('a master key that is replaced', () => {
  let database: TestDatabase;
  let view: OwnerView;
  let tenant: TestTenant;
  let jwtTenant: TestTenant;
  let ada: SignedIn;
  let bob: SignedIn;
  let eve: SignedIn;
  const email = uniqueEmail();
  const idempotent: RequestOptions = {
    headers: { 'idempotency-key': 'rotation-0001' },
    body: { email, password: 'correct horse battery staple' },
  };
  let firstAnswer: unknown;

  beforeAll(async () => {
    database = await createTestDatabase();
    view = await OwnerView.open(database);
    await on(database, OLD, async (app) => {
      tenant = await app.createTenant();
      jwtTenant = await tenantWith(app, { token_format: 'jwt' });
      ada = await app.api.signUp(tenant);
      bob = await app.api.signUp(jwtTenant);
      eve = await app.api.signUp(tenant);
      firstAnswer = (await app.api.post('/v1/signup', { tenant, ...idempotent })).body;
      await app.api.post('/v1/forgot-password', { tenant, body: { email: eve.email } });
    });
  });
  afterAll(async () => {
    await view.close();
    await database.drop();
  });

  it('R311: with the old one beside it, everything made with the old one still works', async () => {
    await on(database, `${NEW},${OLD}`, async (app) => {
      expect((await app.api.get('/v1/me', { token: ada.token })).status).toBe(200);
      expect((await app.api.get('/v1/me', { token: bob.token })).status).toBe(200);
      // Jobs that were enqueued before are opened, and sent.
      await app.drain();
      const code = app.mailer.last(ada.email, 'verify_email').code ?? '';
      const verified = await app.api.post('/v1/verify-email', { tenant, body: { email: ada.email, code } });
      expect(verified.status).toBe(200);
      const reset = {
        token: tokenOf(app.mailer.last(eve.email, 'reset_password')),
        new_password: 'another long passphrase',
      };
      expect((await app.api.post('/v1/reset-password', { body: reset })).status).toBe(200);
      // An idempotent request is recognised, and its stored answer opened.
      const repeated = await app.api.post('/v1/signup', { tenant, ...idempotent });
      expect([repeated.headers['idempotency-replayed'], repeated.body]).toEqual(['true', firstAnswer]);
      // A list that was begun goes on.
      const refreshed = await app.api.post('/v1/refresh', { body: { refresh_token: ada.refreshToken } });
      expect(refreshed.status).toBe(200);
      ada = { ...ada, ...tokensOf(refreshed) };
    });
  });

  it('R311: the new one writes from then on', async () => {
    await on(database, `${NEW},${OLD}`, async (app) => {
      const fresh = await app.api.signUp(tenant);
      const rows = await view.query<{ user: string; key: string }>(
        'SELECT user_id AS user, key_id AS key FROM sessions',
      );
      expect(rows.find(({ user }) => user === fresh.userId)?.key).toBe('new');
      // Refreshed above.
      expect(rows.find(({ user }) => user === ada.userId)?.key).toBe('new');
      expect(rows.find(({ user }) => user === bob.userId)?.key).toBe('old');
      const jobs = await view.query<{ sealed: Buffer }>('SELECT sealed FROM jobs WHERE subject_id = $1', [
        fresh.userId,
      ]);
      expect(jobs.length).toBeGreaterThan(0);
      for (const { sealed } of jobs) expect(sealed.toString('utf8', 1, 4)).toBe('new');
    });
  });

  it('R312: the old one cannot be taken away while the signing key is sealed with it: the start is refused', async () => {
    await expect(on(database, NEW, () => Promise.resolve())).rejects.toThrow(StartRefused);
  });

  it('R311: can be taken away once nothing that is in force was sealed with it', async () => {
    const days = 200;
    await on(database, `${NEW},${OLD}`, async (app) => {
      // The next key is made and sealed long before the old one retires; what that one signed has run out then.
      for (let passed = 0; passed < days; passed += 5) {
        app.clock.advance(5 * DAY_MS);
        await app.drain();
      }
    });
    const sealed = await view.query<{ value: Buffer }>('SELECT private_sealed AS value FROM signing_keys');
    expect(sealed.map(({ value }) => value.toString('utf8', 1, 4))).not.toContain('old');
    const clock = new FakeClock(new Date(NOON.getTime() + days * DAY_MS));
    const app = await TestApp.start({ database, env: { AUTHSOME_SECRETS: NEW }, app: { kernel: { clock } } });
    try {
      expectProblem(await app.api.get('/v1/me', { token: bob.token }), 401);
      expectProblem(await app.api.post('/v1/refresh', { body: { refresh_token: bob.refreshToken } }), 401);
      const again = await app.api.post('/v1/signin', {
        tenant: jwtTenant,
        body: { email: bob.email, password: bob.password },
      });
      expect((await app.api.get('/v1/me', { token: tokensOf(again).token })).status).toBe(200);
    } finally {
      await app.close();
    }
  });

  it.each([
    ['another key', () => key('old')],
    ['another key of another name', () => key('other')],
    ['several others', () => `${key('a')},${key('b')}`],
  ])('R312: a start with %s is refused, and changes nothing', async (_what, secrets) => {
    const fresh = await createTestDatabase();
    const owner = await OwnerView.open(fresh);
    try {
      await on(fresh, OLD, () => Promise.resolve());
      const before = await owner.query('SELECT * FROM signing_keys');
      await expect(on(fresh, secrets(), () => Promise.resolve())).rejects.toThrow(/AUTHSOME_SECRETS cannot open/);
      expect(await owner.query('SELECT * FROM signing_keys')).toEqual(before);
      await on(fresh, OLD, async (app) => expect((await app.api.get('/health/ready')).status).toBe(200));
    } finally {
      await owner.close();
      await fresh.drop();
    }
  });
});

describe('a sealed value', () => {
  let app: TestApp;
  let view: OwnerView;
  let tenant: TestTenant;

  beforeAll(async () => {
    app = await TestApp.start();
    view = await OwnerView.open(app.database);
    tenant = await app.createTenant();
  });
  afterAll(async () => {
    await view.close();
    await app.close();
  });

  it('R310: that was swapped with another row’s opens in neither: no mail leaves with a stranger’s secret', async () => {
    const [ada, bob] = [uniqueEmail(), uniqueEmail()];
    await app.api.signUp(tenant, { email: ada });
    await app.api.signUp(await app.createTenant(), { email: bob });
    await view.query(
      `UPDATE jobs j SET sealed = o.sealed FROM jobs o
       WHERE j.kind = 'message.send' AND o.kind = 'message.send' AND j.id <> o.id`,
    );
    await app.drain();
    expect(app.mailer.to(ada).concat(app.mailer.to(bob))).toEqual([]);
    const jobs = await view.query<{ last_error: string }>("SELECT last_error FROM jobs WHERE kind = 'message.send'");
    expect(jobs).toHaveLength(2);
    for (const { last_error } of jobs) expect(last_error).toMatch(/could not be opened/);
    await view.query('DELETE FROM jobs');
  });

  it('R310: of an idempotent answer opens for its own request alone', async () => {
    const request = (name: string): RequestOptions => ({
      tenant,
      headers: { 'idempotency-key': `swap-${name}-0001` },
      body: { email: `${name}-${uniqueEmail()}`, password: 'correct horse battery staple' },
    });
    const [one, other] = [request('one'), request('other')];
    await app.api.post('/v1/signup', one);
    await app.api.post('/v1/signup', other);
    await view.query(
      'UPDATE idempotency_records r SET answer = o.answer FROM idempotency_records o WHERE o.id <> r.id',
    );
    for (const options of [one, other]) expectProblem(await app.api.post('/v1/signup', options), 500, 'internal_error');
  });

  it('R313: differs from every other one of the same value', async () => {
    const email = uniqueEmail();
    for (let count = 0; count < 3; count += 1) await app.api.post('/v1/forgot-password', { tenant, body: { email } });
    const jobs = await view.query<{ sealed: string }>(
      "SELECT encode(sealed, 'hex') AS sealed FROM jobs WHERE kind = 'auth.forgot_password'",
    );
    expect(jobs).toHaveLength(3);
    expect(new Set(jobs.map(({ sealed }) => sealed)).size).toBe(3);
  });

  it('R307: a password is stored as argon2id with a salt of its own', async () => {
    const people = [await app.api.signUp(tenant), await app.api.signUp(tenant)];
    const rows = await view.query<{ hash: string }>(
      'SELECT password_hash AS hash FROM user_passwords WHERE user_id = ANY ($1)',
      [people.map(({ userId }) => userId)],
    );
    expect(new Set(rows.map(({ hash }) => hash)).size).toBe(2);
    for (const { hash } of rows) expect(hash).toMatch(/^\$argon2id\$v=19\$m=\d+,t=\d+,p=1\$[\w+/]{22,}\$[\w+/]{43}$/);
  });
});
