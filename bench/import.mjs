// Users per second through an import with ready hashes, from the first part to the last outcome, and what it does to memory.
import { platformOwner } from './lib/operator.mjs';
import { startService } from './lib/processes.mjs';

export const name = 'import';

const WANTED_PER_SECOND = 5_000;
const PART = 5_000;
/** A hash that nobody checks here: `correct horse battery staple`, bcrypt of cost 4. */
const HASH = '$2b$04$9TvIoC9fWJQWbPWDPSoS7uX3uJ0uYkmPZzmXrQkzZcXvPmZ1h0z5S';

export async function run({ database, seconds }) {
  const rows = seconds < 3 ? 20_000 : 100_000;
  const service = await startService(database);
  const owner = await platformOwner(service);
  const app = await owner('POST', '/v1/admin/apps', { body: { name: 'Bench', slug: 'bench' } });
  const query = `app_id=${app.id}`;
  const { id } = await owner('POST', `/v1/admin/user-imports?${query}`, { body: {} });
  const before = await service.residentBytes();
  let most = before;
  const startedAt = performance.now();
  for (let sent = 0; sent < rows; sent += PART) {
    const lines = Array.from({ length: PART }, (_, index) =>
      JSON.stringify({
        email: `person${sent + index}@example.com`,
        email_verified: true,
        first_name: 'Person',
        last_name: String(sent + index),
        metadata: { plan: 'free' },
        password_hash: HASH,
      }),
    );
    const headers = { 'content-type': 'application/x-ndjson' };
    await owner('POST', `/v1/admin/user-imports/${id}/rows?${query}`, { body: lines.join('\n'), headers });
    most = Math.max(most, await service.residentBytes());
  }
  const sentAt = performance.now();
  await owner('POST', `/v1/admin/user-imports/${id}/start?${query}`, { body: {} });
  let state;
  do {
    await new Promise((resolve) => setTimeout(resolve, 200));
    state = await owner('GET', `/v1/admin/user-imports/${id}?${query}`);
    most = Math.max(most, await service.residentBytes());
  } while (state.state === 'running');
  const took = (performance.now() - startedAt) / 1_000;
  await service.stop();
  if (state.created !== rows) throw new Error(`${state.created} of ${rows} were made`);
  const mib = (bytes) => Math.round(bytes / 2 ** 20);
  return [
    {
      bench: `import of ${rows} users, sent and written`,
      value: Math.round(took * 1_000_000) / rows / 1_000,
      unit: 'ms per user',
      atMost: 1_000 / WANTED_PER_SECOND,
      usersPerSecond: Math.round(rows / took),
      sendingSeconds: Math.round((sentAt - startedAt) / 100) / 10,
    },
    {
      bench: 'memory that an import adds at most',
      value: mib(most - before),
      unit: 'MiB',
      atMost: 128,
      beforeMib: mib(before),
    },
  ];
}
