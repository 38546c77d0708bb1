import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const SAMPLE = /```ts\n(.*?)```/s.exec(readFileSync('docs/bridges.md', 'utf8'))?.[1] ?? '';
const CLI = path.resolve('dist/src/cli/main.js');

describe('authsome conformance', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'authsome-conformance-'));
    // As if the package were installed beside the module.
    await symlink(path.resolve('.'), path.join(folder, 'authsome'));
    await writeFile(path.join(folder, 'package.json'), '{"type":"module"}');
  });
  afterAll(() => rm(folder, { recursive: true }));

  const run = async (code: string, port = 'ledger'): Promise<{ readonly status: number; readonly output: string }> => {
    const file = path.join(folder, `${port}.js`);
    await writeFile(file, code.replace("from 'authsome'", "from './authsome/dist/src/index.js'"));
    try {
      const { stdout } = await promisify(execFile)(process.execPath, [CLI, 'conformance', port, '--module', file]);
      return { status: 0, output: stdout };
    } catch (error) {
      const { code: status, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { status, output: stdout + stderr };
    }
  };
  const compiled = (source: string): string =>
    ts.transpileModule(source, { compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 } })
      .outputText;

  it('passes the ledger of docs/bridges.md', async () => {
    const { status, output } = await run(compiled(SAMPLE));
    expect(output).not.toContain('✗');
    expect(output).toContain('✓ answers several questions in the order they were asked');
    expect(status).toBe(0);
  });

  it('names the promise that a ledger breaks, and fails', async () => {
    const { status, output } = await run(compiled(SAMPLE.replace('featureKeys.map', '[...featureKeys].reverse().map')));
    expect(output).toContain('✗ answers several questions in the order they were asked');
    expect(output).toContain('1 of the contract’s promises are broken');
    expect(status).toBe(1);
  });

  it('says what is wrong with a module that is none', async () => {
    expect(await run('export const ledger = 1;')).toMatchObject({
      status: 1,
      output: expect.stringContaining('no default export'),
    });
  });

  it('holds a key manager to what it says it is, and names what it does not keep', async () => {
    const closed = (traits: string) => `
      import { KeyManagerNotAvailable } from 'authsome';
      const refuse = () => Promise.reject(new KeyManagerNotAvailable());
      const capabilities = () => ({ limits: false });
      const keyManager = new Proxy({ name: 'closed', capabilities }, { get: (own, key) => own[key] ?? refuse });
      export default { makeRig: async () => ({ keyManager, close: async () => undefined }), traits: ${traits} };`;
    const honest = await run(closed('{ available: false }'), 'key-manager');
    expect(honest.output).toContain('✓ refuses every operation with key_manager_not_available');
    expect(honest.status).toBe(0);
    const boastful = await run(closed('{ available: true }'), 'key-manager');
    expect(boastful.output).toContain('✗ revokes for good');
    expect(boastful.status).toBe(1);
  });
});
