import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface PackageInfo {
  readonly name: string;
  readonly version: string;
}

/** The package's own manifest, from the source tree as from `dist/`. */
function read(): PackageInfo {
  for (const up of ['../../..', '../..']) {
    try {
      const info = JSON.parse(readFileSync(join(import.meta.dirname, up, 'package.json'), 'utf8')) as PackageInfo;
      if (info.name === 'authsome') return info;
    } catch {
      // Not at this level.
    }
  }
  throw new Error('package.json of authsome was not found beside its code');
}

export const PACKAGE: PackageInfo = read();
