import { mkdtemp, readdir, readFile, readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach } from '@jest/globals';
import { Client } from 'pg';
import { removeFolder } from '../../support/remove-folder.js';

export const isRoot = process.geteuid?.() === 0;
/** Only Linux tells which processes work in a folder. */
export const isLinux = process.platform === 'linux';

/** @returns makes a new folder name at each call; what is in those folders is removed after each test. */
export function temporaryFolders(): () => Promise<string> {
  const made: string[] = [];
  afterEach(async () => {
    for (const folder of made.splice(0)) await removeFolder(folder);
  });
  return async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'authsome-launcher-'));
    made.push(folder);
    return path.join(folder, 'postgres');
  };
}

export async function query<Row>(url: string, text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  // A server that is stopped under a session tells it so; the test has its own way to find out.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(text, values)).rows as Row[];
  } finally {
    await client.end();
  }
}

/** @returns the SQLSTATE that PostgreSQL refuses with. @throws Error when it does not refuse. */
export async function refusal(work: Promise<unknown>): Promise<string | undefined> {
  const outcome = await work.then(
    () => undefined,
    (error: unknown) => error as { code?: string },
  );
  if (outcome === undefined) throw new Error('PostgreSQL did not refuse');
  return outcome.code;
}

/** @returns ids of the living processes that work in a folder under `folder`. */
export async function processesIn(folder: string): Promise<number[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const places = await Promise.all(ids.map((id) => readlink(`/proc/${id}/cwd`).catch(() => '')));
  return ids.filter((_, index) => places[index]?.startsWith(folder));
}

export function dataOf(folder: string): string {
  return path.join(folder, 'cluster', 'data');
}

/** @returns the process id that the server on `folder` wrote down. */
export async function mainProcessOf(folder: string): Promise<number> {
  return Number.parseInt(await readFile(path.join(dataOf(folder), 'postmaster.pid'), 'utf8'), 10);
}

/** Waits for a condition that is about to become true. */
export async function eventually(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; !(await condition()); attempt += 1) {
    if (attempt === 4_000) throw new Error('it never happened');
    await delay(5);
  }
}
