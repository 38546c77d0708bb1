// From "process started" to "takes requests", and what it holds in memory when nobody asks for anything.
import { median } from './lib/load.mjs';
import { startService } from './lib/processes.mjs';

export const name = 'start';

const IDLE_MS = 3_000;

export async function run({ database, rounds }) {
  await (await startService(database)).stop();
  const external = [];
  const resident = [];
  for (let round = 0; round < rounds; round += 1) {
    const service = await startService(database);
    external.push(service.readyMs);
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    resident.push(await service.residentBytes());
    await service.stop();
  }
  const embedded = [];
  for (let round = 0; round < rounds; round += 1) {
    const service = await startService(database, { AUTHSOME_DATABASE_URL: '', AUTHSOME_DATABASE_MIGRATION_URL: '' });
    embedded.push(service.readyMs);
    await service.stop();
  }
  const seconds = (values) => Math.round(median(values)) / 1_000;
  return [
    { bench: 'ready on a migrated external database', value: seconds(external), unit: 's', atMost: 2 },
    { bench: 'ready with a new embedded database', value: seconds(embedded), unit: 's', atMost: 5 },
    { bench: 'resident when idle', value: Math.round(median(resident) / 2 ** 20), unit: 'MiB', atMost: 200 },
  ];
}
