// The Ledger bridge: what asking costs in memory and when it must be read, how fast usage is taken, and whether signing in feels it.
import { randomUUID } from 'node:crypto';
import { Entitlements } from '../dist/src/billing-bridge/entitlements/entitlements.js';
import { PlansService } from '../dist/src/billing/plans/plans.service.js';
import { SubscriptionsService } from '../dist/src/billing/subscriptions/subscriptions.service.js';
import { UsageIngest } from '../dist/src/billing/usage/usage-ingest.js';
import { SYSTEM_ACTOR } from '../dist/src/kernel/audit/audit-trail.js';
import { Database } from '../dist/src/kernel/persistence/database.js';
import { startInProcess } from './lib/in-process.mjs';
import { interleaved, load } from './lib/load.mjs';
import { credentials, publishableKey, signUpMany } from './lib/people.mjs';
import { startDatabase, startService } from './lib/processes.mjs';

export const name = 'billing';

const LIMITED = 'authsome.users.created';
const SUBJECTS = 50;
const PER_BATCH = 500;
const PEOPLE = 80;
const CONNECTIONS = 8;
const round = (number) => Math.round(number * 100) / 100;

export async function run({ database, rounds, seconds }) {
  const quick = seconds < 3;
  const felt = await signingIn(database, { rounds, seconds });
  const service = await startInProcess(database);
  const scope = await service.tenant();
  const features = [
    feature('authsome.feature.sso', 'boolean', 1),
    feature(LIMITED, 'metered', 1_000_000_000, { meter: LIMITED }),
  ];
  const row = { slug: 'bench', name: 'Bench', description: '', currency: 'usd', status: 'active', isAddon: false };
  const terms = { period: 'month', baseAmount: 0, features };
  const plan = await service
    .get(PlansService)
    .create(scope, { ...row, trialDays: 0, metadata: {} }, terms, SYSTEM_ACTOR);
  const subject = { scope, key: `app:${scope.appId}` };
  await service.get(SubscriptionsService).create(scope, { subjectKey: subject.key, planId: plan.id }, SYSTEM_ACTOR);
  const results = [
    ...(await asking(service, subject, quick ? 200_000 : 2_000_000)),
    ...(await taking(service, database, scope, quick ? 20_000 : 100_000)),
  ];
  await service.stop();
  return [...results, ...felt];
}

function feature(key, kind, limit, more = {}) {
  const rest = { period: null, overage: 'deny', meter: null, config: null, tierMode: 'graduated', tiers: [] };
  return { key, name: key, kind, limit, ...rest, ...more };
}

async function asking(service, subject, times) {
  const entitlements = service.get(Entitlements);
  const db = service.get(Database);
  const query = db.query.bind(db);
  let statements = 0;
  db.query = (...args) => {
    statements += 1;
    return query(...args);
  };
  await entitlements.check(subject, LIMITED);
  const missed = statements;
  db.query = query;

  const key = 'authsome.feature.sso';
  while (entitlements.check(subject, key) instanceof Promise) await entitlements.check(subject, key);
  const startedAt = performance.now();
  for (let n = 0; n < times; n += 1) entitlements.check(subject, key);
  const perSecond = (times * 1_000) / (performance.now() - startedAt);
  const each = new Float64Array(100_000);
  while (entitlements.check(subject, key) instanceof Promise) await entitlements.check(subject, key);
  for (let n = 0; n < each.length; n += 1) {
    const at = performance.now();
    entitlements.check(subject, key);
    each[n] = (performance.now() - at) * 1_000;
  }
  each.sort();
  return [
    {
      bench: `300,000 checks from memory (${Math.round(perSecond)}/s)`,
      value: round(300_000_000 / perSecond),
      unit: 'ms',
      atMost: 1_000,
    },
    { bench: 'a check from memory, p99', value: round(each[Math.floor(each.length * 0.99)]), unit: 'µs', atMost: 50 },
    { bench: 'a check of a metered feature that must be read', value: missed, unit: 'statements', atMost: 1 },
  ];
}

/** As relays bring it: batches of events of many subjects, with their dedupe, sums and quotas, two at a time. */
async function taking(service, database, scope, events) {
  const ingest = service.get(UsageIngest);
  const subjects = Array.from({ length: SUBJECTS }, (_, n) => `org:aorg_${String(n).padStart(26, '0')}`);
  const batch = (number) =>
    Array.from({ length: PER_BATCH }, (_, n) => ({
      subject: { scope, key: subjects[(number * PER_BATCH + n) % SUBJECTS] },
      featureKey: 'authsome.sessions.created',
      quantity: 1,
      source: 'bench',
      idempotencyKey: randomUUID(),
      occurredAt: new Date(),
      dimensions: { user_id: 'ausr_bench' },
    }));
  const batches = Array.from({ length: events / PER_BATCH }, (_, number) => batch(number));
  for (let n = 0; n < 4; n += 1) await ingest.take(batch(n));
  await database.query('VACUUM ANALYZE billing_usage_events');
  const worker = async (from) => {
    for (let n = from; n < batches.length; n += 2) await ingest.take(batches[n]);
  };
  const startedAt = performance.now();
  await Promise.all([worker(0), worker(1)]);
  const perSecond = (events * 1_000) / (performance.now() - startedAt);
  const { rows } = await database.query(
    `SELECT sum(total)::integer AS total FROM billing_usage_rollups WHERE env_id = $1 AND meter_key = 'authsome.sessions.created'`,
    [scope.envId],
  );
  if (rows[0].total !== events + 4 * PER_BATCH) throw new Error('the sums are wrong');
  return [
    {
      bench: `taking 25,000 usage events, deduplicated and summed (${Math.round(perSecond)}/s)`,
      value: Math.round(25_000_000 / perSecond),
      unit: 'ms',
      atMost: 1_000,
    },
  ];
}

/** Two services, each with a database of its own: one meters what happens, one drops it. */
async function signingIn(metered, { rounds, seconds }) {
  const dropped = await startDatabase();
  const limits = { AUTHSOME_LIMIT_SIGNIN_PER_IP: '100000000/1m', AUTHSOME_LIMIT_SIGNUP_PER_IP: '100000000/1m' };
  const services = [];
  try {
    const sides = [];
    for (const [database, billing] of [
      [metered, 'embedded'],
      [dropped, 'noop'],
    ]) {
      const service = await startService(database, { ...limits, AUTHSOME_BILLING: billing });
      services.push(service);
      const key = await publishableKey(database);
      const people = await signUpMany(service, key, PEOPLE);
      const requests = people.map(({ email }) => ({
        method: 'POST',
        path: '/v1/signin',
        headers: { 'content-type': 'application/json', 'x-publishable-key': key, 'user-agent': 'bench' },
        body: JSON.stringify({ email, ...credentials }),
      }));
      let next = 0;
      // Each connection starts elsewhere in the list, so that no account is tried twice at once.
      const setupClient = (client) => {
        const from = (next += PEOPLE / CONNECTIONS) % PEOPLE;
        client.setRequests([...requests.slice(from), ...requests.slice(0, from)]);
      };
      sides.push(() => load({ url: service.url, connections: CONNECTIONS, seconds, setupClient }));
    }
    const { ratio } = await interleaved(rounds, ...sides);
    return [
      {
        bench: 'a sign-in whose usage is recorded, against one whose is dropped',
        value: round(1 / ratio),
        unit: 'times',
        atMost: 1.05,
      },
    ];
  } finally {
    for (const service of services) await service.stop();
    await dropped.stop();
  }
}
