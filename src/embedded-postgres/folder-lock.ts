import { spawnSync } from 'node:child_process';
import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { EmbeddedPostgresUnavailable } from './embedded-postgres-unavailable.js';

const OPEN = constants.O_RDWR | constants.O_CREAT;
/** open(2) of macOS locks at once: O_EXLOCK. */
const MACOS_LOCKED = OPEN | constants.O_NONBLOCK | 0x20;
/** libuv on Windows opens without sharing: UV_FS_O_EXLOCK. */
const WINDOWS_LOCKED = OPEN | 0x1000_0000;

const OWNER_ONLY = 0o600;
/** What flock(1) answers when somebody else has the lock. */
const CONFLICT = 1;

/**
 * A lock that the kernel holds for an open file, so that it ends with its holder, however that dies. The file itself stays: removing it
 * would let two processes lock two files of the same name.
 */
export class FolderLock {
  private constructor(private readonly descriptor: number) {}

  /** @returns undefined while another process, or another lock of this process, holds it. */
  static take(file: string): FolderLock | undefined {
    const descriptor = openLocked(file);
    if (descriptor === undefined) return undefined;
    ftruncateSync(descriptor);
    writeSync(descriptor, `${process.pid}\n`);
    return new FolderLock(descriptor);
  }

  /** @returns the process id of who took the lock, where it can be read. */
  static holder(file: string): number | undefined {
    try {
      return Number.parseInt(readFileSync(file, 'utf8'), 10) || undefined;
    } catch {
      return undefined;
    }
  }

  release(): void {
    closeSync(this.descriptor);
  }
}

function openLocked(file: string): number | undefined {
  if (process.platform === 'linux') return openAndFlock(file);
  try {
    return openSync(file, process.platform === 'win32' ? WINDOWS_LOCKED : MACOS_LOCKED, OWNER_ONLY);
  } catch (error) {
    if (['EAGAIN', 'EBUSY'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** flock(1) locks the open file that it inherits. The lock belongs to that open file, so it outlives flock and ends with this process. */
function openAndFlock(file: string): number | undefined {
  const descriptor = openSync(file, OPEN, OWNER_ONLY);
  const flock = spawnSync('flock', ['-n', '3'], { stdio: ['ignore', 'ignore', 'pipe', descriptor] });
  if (flock.status === 0) return descriptor;
  closeSync(descriptor);
  if (flock.status === CONFLICT) return undefined;
  throw new EmbeddedPostgresUnavailable(
    `${file} cannot be locked (${flock.error?.message ?? flock.stderr.toString().trim()})`,
    'The program flock, of the package util-linux, has to be installed and the file system has to support locks.',
  );
}
