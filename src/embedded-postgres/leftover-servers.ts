import { execFile } from 'node:child_process';
import { readdir, readFile, readlink, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { EmbeddedPostgresUnavailable } from './embedded-postgres-unavailable.js';

const LONGEST_WAIT_MS = 15_000;
const POLL_MS = 20;

/**
 * Stops what an earlier service left running on `data` when it was killed. A process id written in postmaster.pid is never believed:
 * ids are reused, so a process is signalled only when the system says that it is a PostgreSQL working on exactly this folder.
 * The caller holds the folder's lock, so none of them has a living service.
 */
export async function stopLeftoverServers(data: string): Promise<void> {
  const folder = await realpath(data);
  const deadline = performance.now() + LONGEST_WAIT_MS;
  const written = await writtenProcessId(folder);
  for (let signalled = false; ; signalled = true) {
    const servers = await serversOn(folder);
    if (servers.length === 0) break;
    // Only the server itself is asked; its sessions end with it, or by themselves when it is gone.
    const main = servers.find((id) => id === written);
    if (!signalled && main !== undefined) interrupt(main);
    if (performance.now() > deadline) throw stillRunning(folder, servers);
    await delay(POLL_MS);
  }
  // A new server refuses to start while the id in this file exists, be it that of a zombie or of a stranger. Only Linux shows sessions
  // that outlive their server; elsewhere the file stays, for PostgreSQL to find them through it.
  if (process.platform === 'linux') await rm(path.join(folder, 'postmaster.pid'), { force: true });
}

async function writtenProcessId(folder: string): Promise<number | undefined> {
  const text = await readFile(path.join(folder, 'postmaster.pid'), 'utf8').catch(() => '');
  return Number.parseInt(text, 10) || undefined;
}

function interrupt(processId: number): void {
  try {
    process.kill(processId, 'SIGINT');
  } catch {
    // It ended in this moment.
  }
}

async function serversOn(folder: string): Promise<number[]> {
  if (process.platform === 'linux') return linuxServersOn(folder);
  return process.platform === 'win32' ? [] : listedServersOn(folder);
}

/** Every process of a server works in the data folder. A zombie works nowhere any more, so it does not count. */
async function linuxServersOn(folder: string): Promise<number[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    ids.map(async (id) => {
      const workingFolder = await readlink(`/proc/${id}/cwd`).catch(() => undefined);
      if (workingFolder !== folder) return false;
      return (await readFile(`/proc/${id}/comm`, 'utf8').catch(() => '')) === 'postgres\n';
    }),
  );
  return ids.filter((_, index) => found[index]).map(Number);
}

/** Finds servers, not their sessions, by the command line that the launcher gives them. */
async function listedServersOn(folder: string): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-axww', '-o', 'pid=,command=']);
  return stdout
    .split('\n')
    .filter((line) => line.includes(`/postgres -D ${folder} `))
    .map((line) => Number.parseInt(line, 10));
}

function stillRunning(folder: string, servers: number[]): EmbeddedPostgresUnavailable {
  return new EmbeddedPostgresUnavailable(
    `an earlier PostgreSQL still runs on ${folder} (process ${servers.join(', ')}) and did not stop in ${LONGEST_WAIT_MS / 1_000} seconds`,
    `End it by \`kill -QUIT ${servers.join(' ')}\` and start again.`,
  );
}
