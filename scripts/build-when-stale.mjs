// Builds dist/ when it is older than what it is made from, so that `npm start` and `npm test` never run yesterday's code.
// A production install has neither TypeScript nor a reason to build: there it does nothing.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const root = path.resolve(import.meta.dirname, '..');
const dist = path.join(root, 'dist');
const stamp = path.join(dist, '.built');
const lock = path.join(dist, '.building');
const compiler = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const LONGEST_BUILD_MS = 300_000;
const source = path.join(root, 'src');

if (existsSync(compiler)) {
  if (isStale()) await buildAlone();
} else if (!existsSync(path.join(dist, 'src'))) {
  console.error('dist/ is missing and TypeScript is not installed: run `npm ci` first.');
  process.exitCode = 1;
}

function isStale() {
  const built = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs;
  if (built === undefined) return true;
  const configs = readdirSync(root).filter((name) => /^(tsconfig.*\.json|package\.json|ormconfig\.ts)$/.test(name));
  // Folders count too: their time changes when a file in them is removed or renamed.
  const inputs = [source, ...listSource().map((entry) => entry.path), ...configs.map((name) => path.join(root, name))];
  return inputs.some((file) => (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? built) > built);
}

function listSource() {
  return readdirSync(source, { recursive: true, withFileTypes: true }).map((entry) => ({
    path: path.join(entry.parentPath, entry.name),
    isStatic: entry.isDirectory() && entry.name === 'static',
  }));
}

/** Two builds at once would let a third process import a file that is half written. */
async function buildAlone() {
  while (!takeLock()) await delay(100);
  try {
    if (isStale()) build();
  } finally {
    rmSync(lock, { force: true });
  }
}

function takeLock() {
  mkdirSync(dist, { recursive: true });
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    removeLockOfTheDead();
    return false;
  }
}

function removeLockOfTheDead() {
  try {
    // Its number may have gone to another process by now.
    if (Date.now() - statSync(lock).mtimeMs > LONGEST_BUILD_MS) rmSync(lock, { force: true });
    const holder = Number(readFileSync(lock, 'utf8'));
    if (holder > 0) process.kill(holder, 0);
  } catch (error) {
    if (error.code === 'ESRCH') rmSync(lock, { force: true });
  }
}

function build() {
  const startedAt = new Date();
  process.stdout.write('building… ');
  const args = ['-p', 'tsconfig.build.json', ...(process.stdout.isTTY ? ['--pretty'] : [])];
  const tsc = spawnSync(process.execPath, [compiler, ...args], { cwd: root, encoding: 'utf8' });
  if (tsc.status !== 0) {
    console.log('failed');
    process.stderr.write(`${tsc.stdout}${tsc.stderr}`);
    process.exitCode = tsc.status ?? 1;
    return;
  }
  for (const { path: folder } of listSource().filter((entry) => entry.isStatic)) {
    cpSync(folder, path.join(dist, path.relative(root, folder)), { recursive: true });
  }
  writeFileSync(stamp, '');
  // What is edited while the compiler runs is newer than this.
  utimesSync(stamp, startedAt, startedAt);
  console.log(`done in ${((Date.now() - startedAt.getTime()) / 1_000).toFixed(1)} s`);
}
