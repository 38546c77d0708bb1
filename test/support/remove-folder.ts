import { rm } from 'node:fs/promises';

/** Removes a folder that the last processes of a killed server may still be writing into: `rm` alone then fails with ENOTEMPTY. */
export function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 });
}
