import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DatabaseClock } from './database-clock.js';

const HOUR_MS = 3_600_000;
const DATABASE_MS = Date.parse('2030-01-15T12:00:00.000Z');

describe('DatabaseClock', () => {
  let timerMs: number;
  let wallMs: number;

  beforeEach(() => {
    timerMs = 1_000;
    wallMs = Date.parse('2026-01-01T00:00:00.000Z');
    jest.spyOn(performance, 'now').mockImplementation(() => timerMs);
    jest.spyOn(Date, 'now').mockImplementation(() => wallMs);
  });
  afterEach(() => void jest.restoreAllMocks());

  /** A database that takes `tripMs` to answer. */
  const database =
    (ms: number, tripMs = 0) =>
    (): Promise<number> => {
      timerMs += tripMs;
      return Promise.resolve(ms);
    };

  it('tells the host’s time until the database has told its own', () => {
    const clock = new DatabaseClock();
    expect(clock.nowMs()).toBe(wallMs);
  });

  it('adopts the database’s time, and carries it forward with the process’s timer', async () => {
    const clock = new DatabaseClock();
    await clock.synchronise(database(DATABASE_MS));
    expect(clock.now()).toEqual(new Date(DATABASE_MS));
    timerMs += 1_500;
    expect(clock.nowMs()).toBe(DATABASE_MS + 1_500);
    expect(clock.in(-500)).toEqual(new Date(DATABASE_MS + 1_000));
  });

  it('a jump of the host’s clock moves nothing, in either direction', async () => {
    const clock = new DatabaseClock();
    await clock.synchronise(database(DATABASE_MS));
    for (const jump of [HOUR_MS, -24 * HOUR_MS]) {
      wallMs += jump;
      timerMs += 10;
      expect(clock.nowMs() - DATABASE_MS).toBe(timerMs - 1_000);
    }
  });

  it('counts half of the round trip: the database answered in the middle of it', async () => {
    const clock = new DatabaseClock();
    await clock.synchronise(database(DATABASE_MS, 80));
    expect(clock.nowMs()).toBe(DATABASE_MS + 40);
  });

  it('keeps its time when the database does not answer', async () => {
    const clock = new DatabaseClock();
    await clock.synchronise(database(DATABASE_MS));
    await expect(clock.synchronise(() => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(clock.nowMs()).toBe(DATABASE_MS);
  });

  it('tells whole milliseconds, as rows and tokens keep them', async () => {
    const clock = new DatabaseClock();
    await clock.synchronise(database(DATABASE_MS + 0.7));
    timerMs += 0.9;
    expect(clock.nowMs()).toBe(DATABASE_MS + 1);
  });

  describe('with an offset file', () => {
    let folder: string;
    let file: string;

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'authsome-clock-'));
      file = join(folder, 'offset');
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    it('adds what the file says, from the moment it is read again', async () => {
      const clock = new DatabaseClock(file);
      await clock.synchronise(database(DATABASE_MS));
      writeFileSync(file, `${HOUR_MS}\n`);
      expect(clock.nowMs()).toBe(DATABASE_MS);
      clock.readOffset();
      expect(clock.nowMs()).toBe(DATABASE_MS + HOUR_MS);
    });

    it.each(['', 'soon', '1e999', 'NaN'])('takes %j for no offset', (text) => {
      writeFileSync(file, text);
      expect(new DatabaseClock(file).nowMs()).toBe(wallMs);
    });

    it('takes a file that is gone for no offset', () => {
      writeFileSync(file, '5');
      const clock = new DatabaseClock(file);
      expect(clock.nowMs()).toBe(wallMs + 5);
      rmSync(file);
      clock.readOffset();
      expect(clock.nowMs()).toBe(wallMs);
    });
  });
});
