import { stat, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { once } from 'node:events';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { EmbeddedPostgresUnavailable } from '../../../src/embedded-postgres/embedded-postgres-unavailable.js';
import { EmbeddedPostgres } from '../../../src/embedded-postgres/embedded-postgres.js';
import { Service } from './service.js';
import {
  dataOf,
  eventually,
  isLinux,
  mainProcessOf,
  processesIn,
  query,
  refusal,
  temporaryFolders,
} from './support.js';

const newFolder = temporaryFolders();
const onLinux = isLinux ? it : it.skip;

/** Runs `work` against a server on `folder` and stops it, whatever happens. */
async function withServer<T>(folder: string, work: (postgres: EmbeddedPostgres) => Promise<T>): Promise<T> {
  const postgres = await EmbeddedPostgres.start({ folder, durable: false });
  try {
    return await work(postgres);
  } finally {
    await postgres.stop();
  }
}

const failureOf = (start: Promise<unknown>): Promise<unknown> =>
  start.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('the embedded PostgreSQL', () => {
  it('keeps data, roles and passwords from one start to the next', async () => {
    const folder = await newFolder();
    const password = await withServer(folder, async ({ ownerUrl }) => {
      await query(ownerUrl, "CREATE TABLE kept AS SELECT 'value' AS value");
      return new URL(ownerUrl).password;
    });
    await withServer(folder, async ({ ownerUrl, version }) => {
      expect(await query(ownerUrl, 'SELECT * FROM kept')).toEqual([{ value: 'value' }]);
      expect(new URL(ownerUrl).password).toBe(password);
      expect(await query(ownerUrl, 'SHOW server_version')).toEqual([{ server_version: version }]);
    });
  });

  it('stores UTF-8, knows letters of every alphabet and sorts by bytes, wherever it runs', async () => {
    await withServer(await newFolder(), async ({ ownerUrl }) => {
      const [row] = await query(
        ownerUrl,
        "SELECT getdatabaseencoding() AS encoding, lower('ÄΩ') AS lower, 'a' > 'B' AS bytes",
      );
      expect(row).toEqual({ encoding: 'UTF8', lower: 'äω', bytes: true });
    });
  });

  it('waits for the disk at every commit unless it is told not to', async () => {
    const folder = await newFolder();
    const settings =
      "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes') ORDER BY 1";
    const careless = await withServer(folder, ({ ownerUrl }) => query<{ setting: string }>(ownerUrl, settings));
    expect(careless.map(({ setting }) => setting)).toEqual(['off', 'off', 'off']);

    const postgres = await EmbeddedPostgres.start({ folder });
    const durable = await query<{ setting: string }>(postgres.ownerUrl, settings);
    await postgres.stop();
    expect(durable.map(({ setting }) => setting)).toEqual(['on', 'on', 'on']);
  });

  it('refuses a second process while the first one lives, and says which one that is', async () => {
    const folder = await newFolder();
    const first = await Service.start(folder);
    const failure = await failureOf(EmbeddedPostgres.start({ folder }));
    expect(await query(first.answer.ownerUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await first.stop();

    expect(failure).toBeInstanceOf(EmbeddedPostgresUnavailable);
    expect(String(failure)).toContain(`another process uses ${folder} (process ${first.process.pid})`);
    expect(String(failure)).toContain('AUTHSOME_DATABASE_URL');
  });

  it('refuses a second server of the same process too, and frees the folder when the first stops', async () => {
    const folder = await newFolder();
    await withServer(folder, async () => {
      expect(await failureOf(EmbeddedPostgres.start({ folder }))).toBeInstanceOf(EmbeddedPostgresUnavailable);
    });
    await withServer(folder, ({ ownerUrl }) => query(ownerUrl, 'SELECT'));
  });

  onLinux('leaves no process behind when it stops, even with sessions open', async () => {
    const folder = await newFolder();
    const postgres = await EmbeddedPostgres.start({ folder, durable: false });
    const sleeper = refusal(query(postgres.ownerUrl, 'SELECT pg_sleep(600)'));
    await eventually(async () => {
      const [row] = await query<{ n: number }>(
        postgres.ownerUrl,
        "SELECT count(*)::int AS n FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'",
      );
      return row?.n === 1;
    });
    await Promise.all([postgres.stop(), postgres.stop()]);

    expect(await processesIn(folder)).toEqual([]);
    expect(await sleeper).toBe('57P01');
  });

  it('is not reached by Ctrl-C, so that the service can finish its work first', async () => {
    const service = await Service.start(await newFolder(), { detached: true });
    // A terminal sends SIGINT to the whole process group.
    process.kill(-(service.process.pid ?? 0), 'SIGINT');
    expect(await service.says()).toEqual({ interrupted: true });
    expect(await query(service.answer.ownerUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await service.stop();
  });

  onLinux('says so when the server dies under the service, and starts again afterwards', async () => {
    const folder = await newFolder();
    const lines: string[] = [];
    const postgres = await EmbeddedPostgres.start({ folder, log: (line) => lines.push(line) });
    process.kill(await mainProcessOf(folder), 'SIGKILL');
    await eventually(async () => lines.includes('PostgreSQL ended unexpectedly (SIGKILL)'));
    await postgres.stop();

    await withServer(folder, ({ ownerUrl }) => query(ownerUrl, 'SELECT'));
  });

  it('names the port that somebody else uses', async () => {
    const folder = await newFolder();
    const stranger = createServer().listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const { port } = stranger.address() as { port: number };
    const failure = await failureOf(EmbeddedPostgres.start({ folder, port, durable: false }));
    stranger.close();

    expect(failure).toBeInstanceOf(EmbeddedPostgresUnavailable);
    expect(String(failure)).toContain(`port ${port} of 127.0.0.1 is in use`);
    const postgres = await EmbeddedPostgres.start({ folder, port, durable: false });
    expect(new URL(postgres.ownerUrl).port).toBe(String(port));
    await postgres.stop();
  });

  it('does not touch data of another major version and says how to keep it', async () => {
    const folder = await newFolder();
    const version = await withServer(folder, async (postgres) => postgres.version);
    await writeFile(path.join(dataOf(folder), 'PG_VERSION'), '12\n');
    const failure = await failureOf(EmbeddedPostgres.start({ folder }));

    expect(failure).toBeInstanceOf(EmbeddedPostgresUnavailable);
    expect(String(failure)).toMatch(
      new RegExp(`PostgreSQL 12 and this release brings PostgreSQL ${parseInt(version)}.*pg_dump`),
    );
  });
});

describe('the way to the embedded PostgreSQL', () => {
  it('is closed to a wrong password', async () => {
    await withServer(await newFolder(), async ({ ownerUrl, runtimeUrl }) => {
      for (const url of [ownerUrl, runtimeUrl]) {
        const wrong = Object.assign(new URL(url), { password: 'guess' }).href;
        expect(await refusal(query(wrong, 'SELECT'))).toBe('28P01');
      }
    });
  });

  // Any user of the machine reaches a loopback port: one that trusts whoever comes would hand them every account.
  it('asks everybody for a password, whatever user and database they name', async () => {
    await withServer(await newFolder(), async ({ ownerUrl }) => {
      const port = Number(new URL(ownerUrl).port);
      for (const user of ['authsome_owner', 'authsome_runtime', 'postgres', 'nobody']) {
        for (const database of ['authsome', 'postgres', 'template1']) {
          expect(await firstAnswer(port, user, database)).toEqual({ type: 'R', method: SASL });
        }
      }
    });
  });

  onLinux('leads over 127.0.0.1 alone: no other address, no socket file', async () => {
    await withServer(await newFolder(), async ({ ownerUrl }) => {
      const elsewhere = Object.assign(new URL(ownerUrl), { hostname: '127.0.0.2' }).href;
      expect(await refusal(query(elsewhere, 'SELECT'))).toBe('ECONNREFUSED');
      expect(await query(ownerUrl, 'SHOW unix_socket_directories')).toEqual([{ unix_socket_directories: '' }]);
    });
  });

  onLinux('is known to the owner of the files only', async () => {
    const folder = await newFolder();
    await withServer(folder, async (postgres) => {
      const mode = async (...names: string[]): Promise<number> =>
        (await stat(path.join(folder, ...names))).mode & 0o777;
      expect(await mode()).toBe(0o700);
      expect(await mode('cluster')).toBe(0o700);
      expect(await mode('cluster', 'credentials.json')).toBe(0o600);
      expect(inspect(postgres, { depth: 10, showHidden: true, getters: false })).not.toContain(
        new URL(postgres.ownerUrl).password,
      );
    });
  });

  it('does not lead personal data of failed statements into the log (R301)', async () => {
    const lines: string[] = [];
    const postgres = await EmbeddedPostgres.start({
      folder: await newFolder(),
      durable: false,
      log: (line) => lines.push(line),
    });
    await query(
      postgres.ownerUrl,
      "CREATE TABLE people (email text UNIQUE); INSERT INTO people VALUES ('ada@example.com')",
    );
    await refusal(query(postgres.ownerUrl, "INSERT INTO people VALUES ('ada@example.com')"));
    await postgres.stop();

    expect(lines.join('\n')).toContain('duplicate key');
    expect(lines.join('\n')).not.toContain('ada@example.com');
  });
});

/** Code of AuthenticationSASL in PostgreSQL's protocol; 0 would be "come in". */
const SASL = 10;

/** What the server says to somebody who has shown nothing but a name. */
async function firstAnswer(port: number, user: string, database: string): Promise<{ type: string; method: number }> {
  const body = Buffer.concat([Buffer.from([0, 3, 0, 0]), Buffer.from(`user\0${user}\0database\0${database}\0\0`)]);
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  const socket = connect(port, '127.0.0.1');
  socket.end(Buffer.concat([length, body]));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return { type: answer.toString('latin1', 0, 1), method: answer.readInt32BE(5) };
}
