import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BilledSubjects } from '../../../src/billing-bridge/billed-subjects.js';
import { LEDGER } from '../../../src/billing-bridge/ledger.js';
import { NoopLedger } from '../../../src/billing-bridge/noop.ledger.js';
import { RequestLedger } from '../../../src/billing-bridge/request-ledger.js';
import { type MeteredKey, UsageBuffer } from '../../../src/billing-bridge/usage/usage-buffer.js';
import { UsageRecorder } from '../../../src/billing-bridge/usage/usage-recorder.js';
import { FEATURES } from '../../../src/billing-bridge/feature-keys.js';
import type { Id } from '../../../src/kernel/ids/id.js';
import { Database } from '../../../src/kernel/persistence/database.js';
import { Events } from '../../../src/kernel/events/events.js';
import { TestApp } from '../../support/test-app.js';
import { Books } from './books.js';

describe('what is recorded as used', () => {
  let app: TestApp;
  let books: Books;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    books = await Books.open(app);
  });

  it('B05: a sign-in records one active user and one session; one that fails records nothing (R361)', async () => {
    const person = await books.person();
    const before = await books.used();
    await app.api.signIn(books.tenant, person);
    const wrong = await app.api.post('/v1/signin', {
      tenant: books.tenant,
      body: { email: person.email, password: 'wrong one' },
    });
    expect(wrong.status).toBe(401);
    const after = await books.used();
    expect(after['authsome.users.active']).toBe((before['authsome.users.active'] as number) + 1);
    expect(after['authsome.sessions.created']).toBe((before['authsome.sessions.created'] as number) + 1);
  });

  it('B06: a registration records one user; one that is rolled back records none', async () => {
    await books.person();
    app
      .get(Events)
      .within('user.created', (_, { payload }) =>
        payload.email.startsWith('doomed') ? Promise.reject(new Error('undone')) : Promise.resolve(),
      );
    const doomed = { email: 'doomed@example.com', password: 'correct horse battery staple' };
    expect((await app.api.post('/v1/signup', { tenant: books.tenant, body: doomed })).status).toBe(500);
    expect((await books.used())['authsome.users.created']).toBe(1);
  });

  it('B07: each method of a second factor is one enrollment, however often it is told', async () => {
    const { userId } = await books.person();
    const enroll = (enrollmentId: string): Promise<void> =>
      app
        .get(Database)
        .transaction(() =>
          app.get(UsageRecorder).mfaEnrolled(books.tenant.scope, { userId: userId as Id<'user'>, enrollmentId }),
        );
    await enroll('totp-1');
    await enroll('totp-1');
    await enroll('sms-1');
    expect((await books.used())['authsome.mfa.enrollments']).toBe(2);
  });

  it('B08: validations of keys are counted for the key’s tenant, each once', async () => {
    const orgId = await books.organization(await books.person());
    const { scope } = books.tenant;
    const subject = await app.get(BilledSubjects).of(scope, { orgId: orgId as Id<'organization'> });
    const buffer = app.get(UsageBuffer);
    const keys = [0, 1].map((n) => ({ subject, keyId: `key-${n}` }));
    for (let n = 0; n < 250; n += 1) buffer.keyValidated(keys[n % 2] as MeteredKey, app.clock.nowMs());
    await buffer.drain();
    await buffer.drain();
    expect((await books.used(orgId))['authsome.apikeys.validated']).toBe(250);
    expect((await books.used())['authsome.apikeys.validated']).toBe(0);
    const query = { tenant_id: orgId, meter: 'authsome.apikeys.validated', group: 'true' };
    const { points } = await books.must('GET', '/usage/query', undefined, query);
    expect(points).toMatchObject([
      { value: 125, dimensions: { key_id: 'key-0' } },
      { value: 125, dimensions: { key_id: 'key-1' } },
    ]);
  });

  it('B09: a new member is the usage of the organization that was joined, not of the one the caller acts for', async () => {
    const owner = await books.person();
    const joined = await books.organization(owner, 'Joined');
    const acting = await books.organization(owner, 'Acting');
    const newcomer = await books.person();
    const before = await books.used(acting);
    await app.api.post('/v1/organizations/active', { token: owner.token, body: { org_id: acting } });
    const added = await app.api.post(`/v1/orgs/${joined}/members`, {
      token: owner.token,
      body: { user_id: newcomer.userId, role: 'member' },
    });
    expect(added.status).toBe(201);
    expect((await books.used(joined))['authsome.orgs.members']).toBe(2);
    expect(await books.used(acting)).toEqual(before);
  });

  it('B10: removing a member frees a seat at once and leaves what was recorded', async () => {
    const owner = await books.person();
    const orgId = await books.organization(owner);
    const seats = { key: 'authsome.orgs.members', type: 'seat', limit: 2 };
    await books.subscribe(await books.plan([seats]), orgId);
    const newcomer = await books.person();
    const add = () =>
      app.api.post(`/v1/orgs/${orgId}/members`, {
        token: owner.token,
        body: { user_id: newcomer.userId, role: 'member' },
      });
    const { body } = await add();
    expect(await books.ask('authsome.orgs.members', orgId)).toMatchObject({ allowed: false, used: 2, limit: 2 });
    const removed = await app.api.delete(`/v1/orgs/${orgId}/members/${body.id as string}`, { token: owner.token });
    expect(removed.status).toBe(200);
    app.clock.advance(300);
    expect(await books.ask('authsome.orgs.members', orgId)).toMatchObject({ allowed: true, used: 1 });
    expect((await add()).status).toBe(201);
    const query = { tenant_id: orgId, meter: 'authsome.orgs.members' };
    await app.drain();
    const { points } = await books.must('GET', '/usage/query', undefined, query);
    expect(points).toMatchObject([{ value: 3 }]);
  });

  it('B11: ten sign-ins of one person in a period are one active person and ten sign-ins', async () => {
    const person = await books.person();
    for (let n = 0; n < 9; n += 1) await app.api.signIn(books.tenant, person);
    const used = await books.used();
    expect(used['authsome.users.active']).toBe(10);
    expect(used['authsome.users.monthly_active']).toBe(1);
  });

  it.each([0, -1, 1.5, 1e12, '1', null])(
    'B12: a quantity of %p from outside is refused, and nothing of the batch is taken',
    async (value) => {
      const answer = await books.tell([
        { id: 'good', type: 'authsome.users.created' },
        { id: 'bad', data: { value } },
      ]);
      expect(answer.status).toBe(400);
      expect(answer.body.errors).toMatchObject([{ path: 'events.1' }]);
      expect((await books.used())['authsome.users.created']).toBe(0);
    },
  );

  it('what is counted is shown without anybody’s name', async () => {
    const { email } = await books.person();
    await app.drain();
    const { text } = await books.call('GET', '/usage/query', undefined, {
      meter: 'authsome.users.created',
      group: 'true',
    });
    expect(text).not.toContain(email);
  });

  it('B03: nobody is billed where nobody is there: the two-argument form says so and writes nothing', async () => {
    const ledger = app.get(RequestLedger);
    await expect(ledger.recordUsage('authsome.users.created', 1)).rejects.toMatchObject({ code: 'no_scope' });
    await expect(ledger.checkEntitlement('authsome.feature.sso')).rejects.toMatchObject({ code: 'no_scope' });
  });

  it('R362: nobody counts as the service itself', async () => {
    const person = await books.person();
    const before = await books.used();
    const forged = await books.tell([{ id: 'user:x', source: 'authsome', type: 'authsome.users.created' }]);
    expect(forged.status).toBe(202);
    expect((await books.used())['authsome.users.created']).toBe((before['authsome.users.created'] as number) + 1);
    // The same key as the service’s own, of a source from outside: another event.
    const same = await books.tell([
      { id: `user:${person.userId}`, source: 'authsome', type: 'authsome.users.created' },
    ]);
    expect(same.body).toEqual({ accepted: 1, duplicates: 0 });
  });
});

describe('the noop ledger', () => {
  const noop = new NoopLedger();
  const nobody = { scope: {} as never, key: 'app:none' } as const;

  it('B01: allows all five features, and an unknown one', async () => {
    for (const key of [...FEATURES, 'something.else']) {
      expect((await noop.checkEntitlement(nobody, key)).allowed).toBe(true);
    }
  });

  it('B02: takes usage and stores nothing; it is counted in a metric, and a ledger that refuses keeps nobody from signing in', async () => {
    const refusing = Object.assign(new NoopLedger(), {
      name: 'refusing',
      recordUsage: () => Promise.reject(new Error('no')),
    });
    for (const [ledger, counted] of [
      [noop, true],
      [refusing, false],
    ] as const) {
      const app = await TestApp.start({ app: { billing: { driver: 'custom', ledger } } });
      try {
        const tenant = await app.createTenant();
        const person = await app.api.signUp(tenant);
        expect((await app.api.signIn(tenant, person)).token).toBeTruthy();
        await app.drain();
        const metrics = await app.api.get('/metrics');
        expect(metrics.text.includes('authsome_usage_recorded_total{feature="authsome.users.created"} 1')).toBe(
          counted,
        );
      } finally {
        await app.close();
      }
    }
  });

  it('B04: the ledger is whatever the application binds', async () => {
    const mine = Object.assign(new NoopLedger(), { name: 'mine' });
    const app = await TestApp.start({ app: { billing: { driver: 'custom', ledger: mine } } });
    expect(app.nest.get(LEDGER)).toBe(mine);
    expect((await app.api.get('/v1/health')).body.bridges).toMatchObject({ billing: 'mine' });
    await app.close();
  });
});
