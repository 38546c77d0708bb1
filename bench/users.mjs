// A page of the list and an exact search among 100,000 and among 1,000,000 users: what each costs there against here (p95).
import { platformOwner } from './lib/operator.mjs';
import { startService } from './lib/processes.mjs';

export const name = 'users';

const MOST_GROWTH = 2;
const CALLS = 200;

const FILL = `INSERT INTO users (app_id, env_id, id, email, email_verified, phone_verified, first_name, last_name, metadata, external_id,
    banned, auth_epoch, version, created_at, updated_at)
  SELECT $1, $2, 'ausr_' || lpad(to_hex(n), 26, '0'), 'person' || n || '@example.com', n % 3 <> 0, false, 'Person', n::text,
    jsonb_build_object('plan', CASE n % 100 WHEN 0 THEN 'pro' ELSE 'free' END), 'crm-' || n, n % 1000 = 0, 1, 1,
    now() - (n * interval '1 second'), now()
  FROM generate_series($3::integer, $4::integer) AS n`;

const SEARCHES = {
  'a page': () => 'limit=50',
  'an address': (n) => `email=person${n}@example.com`,
  'an external id': (n) => `external_id=crm-${n}`,
  'how an address begins': (n) => `q=person${n}`,
  'metadata that one in a hundred has': () => 'metadata=%7B%22plan%22%3A%22pro%22%7D',
  'the banned': () => 'banned=true&limit=50',
};

export async function run({ database, seconds }) {
  const [few, many] = seconds < 3 ? [10_000, 100_000] : [100_000, 1_000_000];
  const service = await startService(database);
  const owner = await platformOwner(service);
  const app = await owner('POST', '/v1/admin/apps', { body: { name: 'Bench', slug: 'bench' } });
  const { environments } = await owner('GET', `/v1/environments?app_id=${app.id}`);
  const { id: envId } = environments.find((environment) => environment.is_default);
  const call = (search) => owner('GET', `/v1/admin/users?app_id=${app.id}&env_id=${envId}&${search}`);
  const measure = async (count) => {
    await database.query('VACUUM ANALYZE users');
    const costs = {};
    for (const [what, search] of Object.entries(SEARCHES)) {
      const times = [];
      for (let done = -20; done < CALLS; done += 1) {
        const query = search(1 + (((done + 20) * 7_919) % count));
        const startedAt = performance.now();
        await call(query);
        if (done >= 0) times.push(performance.now() - startedAt);
      }
      costs[what] = times.sort((a, b) => a - b)[Math.floor(CALLS * 0.95)];
    }
    return costs;
  };
  await database.query(FILL, [app.id, envId, 1, few]);
  const before = await measure(few);
  for (let from = few + 1; from <= many; from += 100_000) {
    await database.query(FILL, [app.id, envId, from, Math.min(many, from + 99_999)]);
  }
  const after = await measure(many);
  const plan = await database.query(
    `EXPLAIN SELECT id FROM users WHERE app_id = '${app.id}' AND env_id = '${envId}' AND deleted_at IS NULL ORDER BY id DESC LIMIT 50`,
  );
  await service.stop();
  const round = (ms) => Math.round(ms * 100) / 100;
  return Object.keys(SEARCHES).map((what, index) => ({
    bench: `${what} among ${many} users, against ${few} (p95 ${round(after[what])} ms against ${round(before[what])} ms)`,
    value: round(after[what] / before[what]),
    unit: 'times',
    atMost: MOST_GROWTH,
    ...(index === 0 && { plan: plan.rows.map((row) => row['QUERY PLAN']) }),
  }));
}
