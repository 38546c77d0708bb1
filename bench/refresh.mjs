// Refresh with rotation, audit entry and notification, against one conditional UPDATE and one INSERT in a transaction of a bare route.
import { interleaved } from './lib/load.mjs';
import { publishableKey, signUpMany } from './lib/people.mjs';
import { startBare, startService } from './lib/processes.mjs';
import { randomBytes } from 'node:crypto';
import { Agent, request } from 'undici';

export const name = 'refresh';

const CHAINS = 32;

export async function run({ database, rounds, seconds }) {
  const service = await startService(database);
  const key = await publishableKey(database);
  const people = await signUpMany(service, key, CHAINS);
  const bare = await startBare(database, {});
  await database.query(
    `CREATE TABLE IF NOT EXISTS bench_rows (key bytea PRIMARY KEY, generation integer NOT NULL DEFAULT 0, a text, b text, c text, d timestamptz, e timestamptz, f jsonb)`,
  );
  await database.query('CREATE TABLE IF NOT EXISTS bench_log (id bigserial PRIMARY KEY, key bytea, at timestamptz)');
  const rows = Array.from({ length: CHAINS }, () => ({ key: randomBytes(32).toString('hex') }));
  for (const row of rows) await database.query("INSERT INTO bench_rows (key) VALUES (decode($1, 'hex'))", [row.key]);

  const refresh = chains(people, seconds, async (person, agent) => {
    const answer = await post(agent, `${service.url}/v1/refresh`, { refresh_token: person.refresh_token });
    person.refresh_token = answer.refresh_token;
  });
  const rotate = chains(rows, seconds, async (row, agent) => {
    const to = randomBytes(32).toString('hex');
    const { rotated } = await post(agent, `${bare.url}/rotate`, { from: row.key, to });
    if (rotated !== 1) throw new Error('a rotation was lost');
    row.key = to;
  });
  await refresh();
  await rotate();
  const result = await interleaved(rounds, refresh, rotate);
  await service.stop();
  await bare.stop();
  return [{ bench: 'refresh with rotation', against: 'UPDATE + INSERT in a transaction', reach: 0.5, ...result }];
}

/** Every chain sends its next request when it has the answer to the last: what one refresh returns, the next one needs. */
function chains(states, seconds, step) {
  return async () => {
    const agent = new Agent({ connections: states.length, pipelining: 1 });
    const startedAt = performance.now();
    const latencies = [];
    await Promise.all(
      states.map(async (state) => {
        while (performance.now() - startedAt < seconds * 1_000) {
          const sentAt = performance.now();
          await step(state, agent);
          latencies.push(performance.now() - sentAt);
        }
      }),
    );
    const elapsed = (performance.now() - startedAt) / 1_000;
    await agent.close();
    latencies.sort((a, b) => a - b);
    return { perSecond: latencies.length / elapsed, p99Ms: latencies[Math.floor(latencies.length * 0.99)] };
  };
}

async function post(dispatcher, url, body) {
  const answer = await request(url, {
    method: 'POST',
    dispatcher,
    headers: { 'content-type': 'application/json', 'user-agent': 'bench' },
    body: JSON.stringify(body),
  });
  const text = await answer.body.text();
  if (answer.statusCode >= 300) throw new Error(`${url} answered ${answer.statusCode}: ${text}`);
  return JSON.parse(text);
}
