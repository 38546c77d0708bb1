import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { FolderLock } from '../../../src/embedded-postgres/folder-lock.js';
import { Service } from './service.js';
import { temporaryFolders } from './support.js';

const newFolder = temporaryFolders();

describe('the lock of a data folder', () => {
  it('has one holder at a time, and another one after its release', async () => {
    const folder = await newFolder();
    await mkdir(folder);
    const file = path.join(folder, 'lock');
    const first = FolderLock.take(file);
    expect(FolderLock.take(file)).toBeUndefined();
    expect(FolderLock.holder(file)).toBe(process.pid);
    first?.release();
    const second = FolderLock.take(file);
    expect(second).toBeDefined();
    second?.release();
  });

  it('is free again when its holder was killed', async () => {
    const folder = await newFolder();
    const service = await Service.start(folder);
    expect(FolderLock.take(path.join(folder, 'lock'))).toBeUndefined();
    await service.kill();
    const lock = FolderLock.take(path.join(folder, 'lock'));
    expect(lock).toBeDefined();
    lock?.release();
  });
});
