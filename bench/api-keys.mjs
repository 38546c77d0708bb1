// API keys: what validating one costs in memory, over HTTP and when it must be read, and what a forged one costs.
import { ServiceAccountsService } from '../dist/src/service-accounts/service-accounts.service.js';
import { drawKey } from '../dist/src/api-keys/key-format.js';
import { SYSTEM_ACTOR } from '../dist/src/kernel/audit/audit-trail.js';
import { Database } from '../dist/src/kernel/persistence/database.js';
import { KEY_MANAGER } from '../dist/src/keys-bridge/key-manager.js';
import { startInProcess } from './lib/in-process.mjs';
import { interleaved, load } from './lib/load.mjs';
import { startBare, startService } from './lib/processes.mjs';

export const name = 'api-keys';

const LIMITS = { perMinute: 1_000_000_000, perDay: 1_000_000_000 };
const perSecond = (nanoseconds) => Math.round(1_000_000_000 / nanoseconds);
const round = (number) => Math.round(number * 100) / 100;

export async function run({ database, rounds, seconds }) {
  const quick = seconds < 3;
  const service = await startInProcess(database, { env: { AUTHSOME_ROW_POLICIES: 'false' } });
  const scope = await service.tenant();
  const account = { name: 'bench', description: '', scopes: [] };
  const { id } = await service.get(ServiceAccountsService).create(scope, account, SYSTEM_ACTOR);
  const manager = service.get(KEY_MANAGER);
  const owner = { kind: 'service_account', id };
  const key = await manager.createKey(scope, {
    name: 'bench',
    owner,
    scopes: ['read:things', 'verify:keys'],
    limits: LIMITS,
  });
  const plain = { name: 'plain', owner, scopes: [] };
  const [first, second] = [await manager.createKey(scope, plain), await manager.createKey(scope, plain)];
  const statements = counting(service);
  const results = [
    await cold(manager, first, second, statements),
    ...(await warm(manager, key, statements, quick ? 200_000 : 2_000_000)),
    ...forged(manager, statements, quick ? 200_000 : 2_000_000),
  ];
  await service.stop();
  return [...results, await overHttp(database, key, { rounds, seconds })];
}

function counting(service) {
  const db = service.get(Database);
  const query = db.query.bind(db);
  const counter = { count: 0 };
  db.query = (...args) => {
    counter.count += 1;
    return query(...args);
  };
  return counter;
}

/** @param others of the same tenant, whose settings are in memory by then. */
async function cold(manager, { rawKey }, others, statements) {
  await manager.validateKey(others.rawKey);
  const before = statements.count;
  const at = performance.now();
  await manager.validateKey(rawKey);
  const ms = round(performance.now() - at);
  return { bench: `a cold key (${ms} ms)`, value: statements.count - before, unit: 'statements', atMost: 1 };
}

/** Whoever has to be asked gives a promise; what is in memory does not. */
async function warm(manager, { rawKey }, statements, times) {
  for (let n = 0; n < 100_000; n += 1) await manager.validateKey(rawKey);
  const validate = async () => {
    const validated = manager.validateKey(rawKey);
    if (validated instanceof Promise) await validated;
  };
  const before = statements.count;
  const at = performance.now();
  for (let n = 0; n < times; n += 1) {
    const validated = manager.validateKey(rawKey);
    if (validated instanceof Promise) await validated;
  }
  const each = Math.round(((performance.now() - at) * 1_000_000) / times);
  const asked = round((statements.count - before) / (times / 1_000));
  const taken = [];
  for (let n = 0; n < 100_000; n += 1) {
    const started = process.hrtime.bigint();
    await validate();
    taken.push(Number(process.hrtime.bigint() - started) / 1_000);
  }
  taken.sort((a, b) => a - b);
  return [
    { bench: `a key in memory with two limits (${perSecond(each)} a second)`, value: each, unit: 'ns', atMost: 2_500 },
    { bench: 'statements for a thousand', value: asked, unit: 'statements', atMost: 10 },
    { bench: 'p99 of one', value: round(taken[Math.floor(taken.length * 0.99)]), unit: 'µs', atMost: 10 },
  ];
}

function forged(manager, statements, times) {
  const real = drawKey('ath', 'production');
  const key = real.slice(0, -1) + (real.endsWith('0') ? '1' : '0');
  const before = statements.count;
  let refused = 0;
  const attempt = () => {
    try {
      manager.validateKey(key);
    } catch {
      refused += 1;
    }
  };
  for (let n = 0; n < 10_000; n += 1) attempt();
  const at = performance.now();
  for (let n = 0; n < times; n += 1) attempt();
  const each = Math.round(((performance.now() - at) * 1_000_000) / times);
  if (refused !== times + 10_000 || statements.count !== before) throw new Error('the answers are wrong');
  return [
    {
      bench: `refusing a wrong checksum, without a statement (${perSecond(each)} a second)`,
      value: each,
      unit: 'ns',
      atMost: 1_000,
    },
  ];
}

/** What the service takes for a call by a key, against a route that does nothing; and how many statements a thousand calls are. */
async function overHttp(database, { rawKey }, { rounds, seconds }) {
  const service = await startService(database);
  const request = { headers: { 'x-api-key': rawKey } };
  const url = `${service.url}/v1/keys/current`;
  const bare = await startBare(database, await (await fetch(url, request)).json());
  await load({ url, ...request, connections: 32, seconds: 1 });
  await load({ url: `${bare.url}/same`, connections: 32, seconds: 1 });
  const compared = await interleaved(
    rounds,
    () => load({ url, ...request, seconds }),
    () => load({ url: `${bare.url}/same`, seconds }),
  );
  await service.stop();
  await bare.stop();
  return {
    bench: 'a call by a key with two limits (GET /v1/keys/current)',
    against: 'bare route, same bytes',
    reach: 0.6,
    ...compared,
  };
}
