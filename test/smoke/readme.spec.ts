import { readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OwnerView } from '../support/owner-view.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { Replica } from '../support/replica.js';
import { eventually } from '../support/eventually.js';
import { tourSteps, walk } from '../support/shell-tour.js';

const TOUR = /^## Tour$.*?(?=^## )/ms.exec(readFileSync('README.md', 'utf8'))?.[0] ?? '';

const COMMAND = 'dist/src/cli/main.js';

describe('the README’s tour', () => {
  let database: TestDatabase;
  let view: OwnerView;
  let service: Replica;

  beforeAll(async () => {
    database = await createTestDatabase();
    view = await OwnerView.open(database);
    service = await Replica.spawn({
      AUTHSOME_DATABASE_URL: database.runtimeUrl,
      AUTHSOME_SECRETS: `k1:${randomBytes(32).toString('base64')}`,
      AUTHSOME_LOG_FORMAT: 'json',
    });
    await service.ready();
  });
  afterAll(async () => {
    await service.stop();
    await view.close();
    await database.drop();
  });

  /** Printed once the service is ready, in the log when it is JSON. */
  async function setupToken(): Promise<string> {
    const line = /"event":"setup_token","setup":"([^"]+)"/;
    await eventually('the setup token', () => line.test(service.log));
    return line.exec(service.log)?.[1] ?? '';
  }

  it('works when it is typed into a shell, and prints what it says', async () => {
    const [row] = await view.query<{ key: string }>(
      `SELECT k.key FROM publishable_keys k JOIN environments e ON e.id = k.env_id AND e.is_default
       JOIN apps a ON a.id = k.app_id WHERE a.slug = 'default'`,
    );
    const steps = tourSteps(TOUR);
    expect(steps.length).toBeGreaterThan(5);
    const variables = { API: service.url, KEY: row?.key ?? '', SETUP: await setupToken(), CLI: path.resolve(COMMAND) };
    for (const { commands, expected, output } of await walk(steps, variables)) {
      for (const text of expected) expect({ commands, output }).toHaveProperty('output', expect.stringContaining(text));
    }
  });
});
