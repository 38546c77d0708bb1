import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { accountForData, spawnAs } from '../../../src/embedded-postgres/account.js';
import { locateBinaries } from '../../../src/embedded-postgres/binaries.js';
import { EmbeddedPostgres } from '../../../src/embedded-postgres/embedded-postgres.js';
import { Service } from './service.js';
import { dataOf, eventually, isLinux, mainProcessOf, processesIn, query, temporaryFolders } from './support.js';

const newFolder = temporaryFolders();

/** Inserts rows as fast as the server acknowledges them, until the session is cut. */
class Writer {
  acknowledged = 0;
  readonly #ended: Promise<void>;

  constructor(url: string) {
    this.#ended = this.write(url).catch(() => undefined);
  }

  async ended(): Promise<number> {
    await this.#ended;
    return this.acknowledged;
  }

  private async write(url: string): Promise<void> {
    const client = new Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    await client.query('CREATE TABLE IF NOT EXISTS facts (n int)');
    for (;;) {
      await client.query('INSERT INTO facts VALUES ($1)', [this.acknowledged]);
      this.acknowledged += 1;
    }
  }
}

async function storedFacts(folder: string): Promise<number> {
  const postgres = await EmbeddedPostgres.start({ folder });
  try {
    const [row] = await query<{ n: number }>(postgres.ownerUrl, 'SELECT count(DISTINCT n)::int AS n FROM facts');
    return row?.n ?? 0;
  } finally {
    await postgres.stop();
  }
}

async function startedAndStopped(folder: string): Promise<string> {
  const postgres = await EmbeddedPostgres.start({ folder });
  await postgres.stop();
  return postgres.ownerUrl;
}

/** What looks as if it were dead or alive to those who trust process ids. */
const strangers: ChildProcess[] = [];
afterEach(() => {
  for (const stranger of strangers.splice(0)) stranger.kill('SIGKILL');
});

// Which processes work in a folder, and whether they are zombies, is read from /proc.
(isLinux ? describe : describe.skip)('after a crash', () => {
  it('every acknowledged row is there when the service was killed', async () => {
    const folder = await newFolder();
    const service = await Service.start(folder);
    const writer = new Writer(service.answer.ownerUrl);
    await eventually(async () => writer.acknowledged > 100);
    await service.kill();

    const stored = await storedFacts(folder);
    expect(stored).toBeGreaterThanOrEqual(await writer.ended());
  });

  it('every acknowledged row is there when the service and all of PostgreSQL were killed', async () => {
    const folder = await newFolder();
    const service = await Service.start(folder);
    const writer = new Writer(service.answer.ownerUrl);
    await eventually(async () => writer.acknowledged > 100);
    const servers = await processesIn(folder);
    for (const id of servers) process.kill(id, 'SIGKILL');
    await service.kill();

    expect(servers.length).toBeGreaterThan(1);
    expect(await storedFacts(folder)).toBeGreaterThanOrEqual(await writer.ended());
  });

  it('PostgreSQL does not outlive a service that was killed', async () => {
    const folder = await newFolder();
    const service = await Service.start(folder);
    await service.kill();
    await eventually(async () => (await processesIn(folder)).length === 0);
  });

  it('a server that outlived its service is stopped and its rows are there', async () => {
    const folder = await newFolder();
    const ownerUrl = new URL(await startedAndStopped(folder));
    await startOrphan(folder, ownerUrl.port);
    const writer = new Writer(ownerUrl.href);
    await eventually(async () => writer.acknowledged > 100);

    const stored = await storedFacts(folder);
    expect(stored).toBeGreaterThanOrEqual(await writer.ended());
    expect(await processesIn(folder)).toEqual([]);
  });

  it('a process that has got the old process id is left alone', async () => {
    const folder = await newFolder();
    await startedAndStopped(folder);
    const stranger = spawn('sleep', ['600'], { cwd: dataOf(folder) });
    strangers.push(stranger);
    await writePid(folder, stranger.pid);
    await startedAndStopped(folder);

    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  });

  it('the PostgreSQL of another folder that has got the old process id is left alone', async () => {
    const [folder, otherFolder] = [await newFolder(), await newFolder()];
    await startedAndStopped(folder);
    const other = await EmbeddedPostgres.start({ folder: otherFolder });
    await writePid(folder, await mainProcessOf(otherFolder));
    await startedAndStopped(folder);

    expect(await query(other.ownerUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await other.stop();
  });

  it('a zombie that has the old process id does not count as a server', async () => {
    const folder = await newFolder();
    await startedAndStopped(folder);
    await writePid(folder, await zombie());
    await startedAndStopped(folder);
  });

  it.each(['credentials.json', 'data/postgresql.conf', 'data/global/pg_control', 'data/base/5/PG_VERSION'])(
    'in the first initialisation, with %s just written, the next start begins anew',
    async (file) => {
      const folder = await newFolder();
      const service = Service.spawn(folder);
      await eventually(async () => {
        const [unfinished] = (await readdir(folder).catch(() => [])).filter((name) => name.startsWith('unfinished-'));
        return unfinished !== undefined && (await exists(path.join(folder, unfinished, file)));
      });
      await service.kill();
      expect(await readdir(folder)).not.toContain('cluster');

      const postgres = await EmbeddedPostgres.start({ folder });
      expect(await query(postgres.runtimeUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await postgres.stop();
      expect(await readdir(folder)).toContain('cluster');
      await eventually(async () => (await startedAndStopped(folder), (await readdir(folder)).length === 2));
    },
  );
});

/** A server as an earlier release, or a system without setpriv, would leave it behind: nobody's child and not told when to die. */
async function startOrphan(folder: string, port: string): Promise<void> {
  const data = dataOf(folder);
  const { postgres } = await locateBinaries();
  const orphan = spawnAs(await accountForData(data), postgres, [
    '-D',
    data,
    '-p',
    port,
    '-c',
    'unix_socket_directories=',
  ]);
  strangers.push(orphan);
  for await (const line of createInterface({ input: orphan.stderr })) if (line.includes('ready to accept')) return;
  throw new Error('the orphan did not start');
}

/** @returns the process id of a child that has ended and that its parent does not ask about. */
async function zombie(): Promise<number> {
  const parent = spawn('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 600']);
  strangers.push(parent);
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const id = Number(line.toString());
  await eventually(async () => (await readFile(`/proc/${id}/stat`, 'utf8')).includes(') Z '));
  return id;
}

async function writePid(folder: string, id: number | undefined): Promise<void> {
  await writeFile(path.join(dataOf(folder), 'postmaster.pid'), `${id}\n${dataOf(folder)}\n1\n5432\n\n127.0.0.1\n0 0\n`);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
