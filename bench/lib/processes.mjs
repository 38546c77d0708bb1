import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { EmbeddedPostgres } from '../../dist/src/embedded-postgres/embedded-postgres.js';
import { freePort } from '../../dist/src/embedded-postgres/free-port.js';

export const ROOT = path.resolve(import.meta.dirname, '../..');
const CLI = path.join(ROOT, 'dist/src/cli/main.js');
const READY_WITHIN_MS = 30_000;
/** The same for every start: what one process sealed, the next one opens. */
export const SECRETS = `bench:${randomBytes(32).toString('base64')}`;

/** A durable PostgreSQL of the bench's own. */
export async function startDatabase() {
  const folder = await mkdtemp(path.join(tmpdir(), 'authsome-bench-'));
  const server = await EmbeddedPostgres.start({ folder });
  return {
    ownerUrl: server.ownerUrl,
    runtimeUrl: server.runtimeUrl,
    version: server.version,
    async query(text, values) {
      const client = new pg.Client({ connectionString: server.ownerUrl });
      await client.connect();
      try {
        return await client.query(text, values);
      } finally {
        await client.end();
      }
    },
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The service as an operator runs it, with limits raised, not removed. */
export async function startService(database, env = {}, execArgv = []) {
  const port = await freePort();
  const folder = await mkdtemp(path.join(tmpdir(), 'authsome-bench-data-'));
  const log = path.join(folder, 'log');
  const logFile = await open(log, 'w');
  const child = fork(CLI, ['serve'], {
    cwd: folder,
    execArgv,
    // To a file: a pipe would have to be read by the process that measures.
    stdio: ['ignore', logFile.fd, logFile.fd, 'ipc'],
    env: {
      PATH: process.env.PATH,
      AUTHSOME_PORT: String(port),
      AUTHSOME_DATABASE_URL: database.runtimeUrl,
      AUTHSOME_DATABASE_MIGRATION_URL: database.ownerUrl,
      AUTHSOME_SECRETS: SECRETS,
      AUTHSOME_MAIL_DRIVER: 'log',
      AUTHSOME_LOG_FORMAT: 'json',
      AUTHSOME_LIMIT_SIGNIN_PER_IP: '100000000/1m',
      AUTHSOME_LIMIT_SIGNUP_PER_IP: '100000000/1m',
      AUTHSOME_LIMIT_REFRESH_PER_IP: '100000000/1m',
      ...env,
    },
  });
  await logFile.close();
  const url = `http://127.0.0.1:${port}`;
  const startedAt = performance.now();
  const readyMs = await untilReady(child, url, startedAt, log);
  return {
    url,
    readyMs,
    log,
    pid: child.pid,
    residentBytes: () => residentBytes(child.pid),
    async stop() {
      await end(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function startBare(database, body, poolSize = 10) {
  const port = await freePort();
  const child = fork(path.join(ROOT, 'bench/servers/bare.mjs'), {
    env: {
      PATH: process.env.PATH,
      BENCH_PORT: String(port),
      BENCH_DATABASE_URL: database.ownerUrl,
      BENCH_BODY: JSON.stringify(body),
      BENCH_POOL_SIZE: String(poolSize),
    },
  });
  await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`the bare server ended with ${code}`)));
  });
  return { url: `http://127.0.0.1:${port}`, pid: child.pid, stop: () => end(child) };
}

async function untilReady(child, url, startedAt, log) {
  while (performance.now() - startedAt < READY_WITHIN_MS) {
    if (child.exitCode !== null)
      throw new Error(`the service ended with ${child.exitCode}:\n${await readFile(log, 'utf8')}`);
    const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
    if (answer?.status === 200) return performance.now() - startedAt;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`the service was not ready in time:\n${await readFile(log, 'utf8')}`);
}

async function end(child) {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

async function residentBytes(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1_024;
}
