import { access, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { EmbeddedPostgresUnavailable } from './embedded-postgres-unavailable.js';

/** Absolute paths of the programs. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

interface LibraryLink {
  readonly source: string;
  readonly target: string;
}

/**
 * Finds the PostgreSQL of this platform among the installed packages and completes it: npm packages cannot hold symbolic links, so
 * the package lists them for its install script to make, and install scripts are off here.
 */
export async function locateBinaries(): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const root = packageRoot(name);
  await linkLibraries(name, root);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const program = (program: string): string => path.join(root, 'native', 'bin', program + suffix);
  return { initdb: program('initdb'), postgres: program('postgres') };
}

function packageRoot(name: string): string {
  try {
    return path.resolve(path.dirname(createRequire(import.meta.url).resolve(name)), '..');
  } catch (error) {
    throw new EmbeddedPostgresUnavailable(
      `the package ${name} is not installed`,
      'It comes with `npm install` unless optional dependencies are omitted; not every platform has one.',
      { cause: error },
    );
  }
}

async function linkLibraries(name: string, root: string): Promise<void> {
  for (const { source, target } of await libraryLinks(root)) {
    const link = path.join(root, target);
    if (await exists(link)) continue;
    try {
      await symlink(path.relative(path.dirname(link), path.join(root, source)), link);
    } catch (error) {
      // Another process was faster.
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw new EmbeddedPostgresUnavailable(
        `the library links of ${name} are missing and cannot be made (${(error as Error).message})`,
        `Run \`npm rebuild --ignore-scripts=false ${name}\` as a user who may write to node_modules.`,
        { cause: error },
      );
    }
  }
}

async function libraryLinks(root: string): Promise<LibraryLink[]> {
  const list = path.join(root, 'native', 'pg-symlinks.json');
  return (await exists(list)) ? (JSON.parse(await readFile(list, 'utf8')) as LibraryLink[]) : [];
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
