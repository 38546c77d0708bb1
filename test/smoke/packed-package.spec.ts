import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const run = promisify(execFile);
const PACKAGE = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };

/** Installs the package as `npm install` would, but from this folder's dependencies. */
async function install(folder: string): Promise<string> {
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]);
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  await run('tar', ['-xzf', path.join(folder, filename), '-C', folder]);
  const modules = path.join(folder, 'node_modules');
  await mkdir(modules);
  for (const name of await readdir('node_modules')) {
    if (!name.startsWith('.')) await symlink(path.resolve('node_modules', name), path.join(modules, name));
  }
  await symlink(path.join(folder, 'package'), path.join(modules, 'authsome'));
  return path.join(folder, 'package');
}

describe('the package as it is published', () => {
  let folder: string;
  let root: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'authsome-packed-'));
    root = await install(folder);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('carries a command that runs', async () => {
    const { stdout } = await run(process.execPath, [path.join(root, 'dist/src/cli/main.js'), '--version']);
    expect(stdout.trim()).toBe(PACKAGE.version);
  });

  it('can be imported by an application, and by its tests', async () => {
    const file = path.join(folder, 'application.mjs');
    await writeFile(
      file,
      `import 'reflect-metadata';
       import { createApp, loadConfig, RequireSession } from 'authsome';
       import { mailerContract } from 'authsome/testing';
       console.log([createApp, loadConfig, RequireSession, mailerContract].map((value) => typeof value).join());`,
    );
    const { stdout } = await run(process.execPath, [file]);
    expect(stdout.trim()).toBe('function,function,function,function');
  });

  it('leaves out sources, tests and what was generated for development', async () => {
    const files = await readdir(root);
    expect(files.sort()).toEqual(['LICENSE', 'README.md', 'dist', 'package.json']);
    const inside = await readdir(path.join(root, 'dist'), { recursive: true });
    expect(inside.filter((name) => /\.spec\.|\.map$|tsbuildinfo$|\.built$/.test(name))).toEqual([]);
  });
});
