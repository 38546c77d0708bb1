// A session check from memory, and one that asks the database, against routes that do nothing but that.
import { interleaved, load } from './lib/load.mjs';
import { publishableKey, signUpMany } from './lib/people.mjs';
import { startBare, startService } from './lib/processes.mjs';

export const name = 'session-check';

export async function run({ database, rounds, seconds }) {
  const service = await startService(database);
  const key = await publishableKey(database);
  const [person] = await signUpMany(service, key, 1);
  const headers = { authorization: `Bearer ${person.session_token}`, 'user-agent': 'bench' };
  const me = await (await fetch(`${service.url}/v1/me`, { headers })).json();
  const bare = await startBare(database, me);
  const warmUp = { connections: 32, seconds: 1 };
  await load({ url: `${service.url}/v1/me`, headers, ...warmUp });
  await load({ url: `${bare.url}/same`, ...warmUp });
  const statements = await statementsDuring(database, () => load({ url: `${service.url}/v1/me`, headers, seconds: 1 }));
  const warm = await interleaved(
    rounds,
    () => load({ url: `${service.url}/v1/me`, headers, seconds }),
    () => load({ url: `${bare.url}/same`, seconds }),
  );
  await service.stop();

  const uncached = await startService(database, { AUTHSOME_SESSION_CACHE_SIZE: '0' });
  const rowKey = await prepareRow(database);
  await load({ url: `${uncached.url}/v1/me`, headers, ...warmUp });
  await load({ url: `${bare.url}/select/${rowKey}`, ...warmUp });
  const cold = await interleaved(
    rounds,
    () => load({ url: `${uncached.url}/v1/me`, headers, seconds }),
    () => load({ url: `${bare.url}/select/${rowKey}`, seconds }),
  );
  await uncached.stop();
  await bare.stop();
  return [
    { bench: 'warm session check (GET /v1/me)', against: 'bare route, same bytes', reach: 0.6, ...warm, statements },
    { bench: 'cold session check (GET /v1/me)', against: 'bare route with one indexed SELECT', reach: 0.5, ...cold },
  ];
}

/** Statements that PostgreSQL ran for look-ups of sessions meanwhile. */
async function statementsDuring(database, work) {
  const scans = async () =>
    Number(
      (
        await database.query(
          `SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'sessions_access_hash_key'`,
        )
      ).rows[0].idx_scan,
    );
  const before = await scans();
  await work();
  return (await scans()) - before;
}

/** A row about as wide as a session with its user. */
async function prepareRow(database) {
  await database.query('DROP TABLE IF EXISTS bench_rows, bench_log');
  await database.query(
    `CREATE TABLE bench_rows (key bytea PRIMARY KEY, generation integer NOT NULL DEFAULT 0, a text, b text, c text, d timestamptz, e timestamptz, f jsonb)`,
  );
  await database.query(
    `INSERT INTO bench_rows (key, a, b, c, d, e, f)
     SELECT decode(md5(i::text) || md5(i::text), 'hex'), repeat('a', 30), repeat('b', 30), repeat('c', 60), now(), now(), '{}' FROM generate_series(1, 10000) i`,
  );
  await database.query('CREATE TABLE bench_log (id bigserial PRIMARY KEY, key bytea, at timestamptz)');
  await database.query('ANALYZE bench_rows');
  const { rows } = await database.query("SELECT encode(key, 'hex') AS key FROM bench_rows LIMIT 1");
  return rows[0].key;
}
