import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { JobContext, JobHandler, JobRunner } from '../../../src/kernel/jobs/job-runner.js';
import { KernelRig } from './kernel-rig.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

interface JobRow {
  readonly state: string;
  readonly attempts: number;
  readonly last_error: string | null;
}

describe('jobs', () => {
  let rig: KernelRig;
  let other: KernelRig;

  beforeAll(async () => {
    rig = await KernelRig.start();
    other = await rig.replica();
  });
  afterAll(async () => {
    await other.stop();
    await rig.stop();
  });
  beforeEach(() => rig.asOwner('TRUNCATE jobs, job_schedules'));

  const enqueue = (kind: string, more: { payload?: Record<string, unknown>; sealed?: unknown; runAt?: Date } = {}) =>
    rig.database.transaction(() => Promise.resolve(rig.jobs.enqueue({ kind, ...more })));
  const rows = (): Promise<JobRow[]> => rig.asOwner<JobRow>('SELECT state, attempts, last_error FROM jobs ORDER BY id');

  /** A runner that knows one kind, and what it ran. */
  function runnerOf(
    process: KernelRig,
    run: (job: JobContext) => Promise<void> = () => Promise.resolve(),
    { kind = 'test', mostAttempts = 3, ...options }: Partial<JobHandler> & { concurrency?: number } = {},
  ): { runner: JobRunner; ran: JobContext[] } {
    const ran: JobContext[] = [];
    const runner = process.runner(options.concurrency === undefined ? {} : { concurrency: options.concurrency });
    runner.handle({
      kind,
      mostAttempts,
      run: (job) => {
        ran.push(job);
        return run(job);
      },
    });
    return { runner, ran };
  }

  it('a job runs once with what it was given, and is gone', async () => {
    await enqueue('test', { payload: { a: 1 }, sealed: { code: '123456' } });
    const { runner, ran } = runnerOf(rig);
    await runner.drain();
    expect(ran).toEqual([{ payload: { a: 1 }, sealed: { code: '123456' }, attempt: 1 }]);
    expect(await rows()).toEqual([]);
  });

  it('R307: what is sealed does not lie in the database in clear', async () => {
    await enqueue('test', { sealed: { code: 'marker-909142' } });
    const [row] = await rig.asOwner<{ dump: string; sealed: Buffer }>(
      'SELECT to_jsonb(j)::text AS dump, sealed FROM jobs j',
    );
    for (const form of [
      'marker-909142',
      Buffer.from('marker-909142').toString('hex'),
      Buffer.from('marker-909142').toString('base64').slice(0, 16),
    ]) {
      expect(row?.dump).not.toContain(form);
      expect(row?.sealed.toString('latin1')).not.toContain(form);
    }
  });

  it('R310: a sealed value moved to another job does not open, and its job is parked', async () => {
    const first = await enqueue('test', { sealed: { code: '1' } });
    const second = await enqueue('test', { sealed: { code: '2' } });
    await rig.asOwner('UPDATE jobs SET sealed = (SELECT sealed FROM jobs WHERE id = $1) WHERE id = $2', [
      first,
      second,
    ]);
    const { runner, ran } = runnerOf(rig, undefined, { mostAttempts: 1 });
    await runner.drain();
    expect(ran.map(({ sealed }) => sealed)).toEqual([{ code: '1' }]);
    expect(await rows()).toEqual([
      { state: 'dead', attempts: 1, last_error: 'Error: a sealed value could not be opened' },
    ]);
  });

  it('a job that is due later waits', async () => {
    await enqueue('test', { runAt: rig.clock.in(HOUR_MS) });
    const { runner, ran } = runnerOf(rig);
    await runner.drain();
    expect(ran).toHaveLength(0);
    rig.clock.advance(HOUR_MS);
    await runner.drain();
    expect(ran).toHaveLength(1);
  });

  it('a job that fails is tried again after waits that double, and is parked with its reason after its last try', async () => {
    await enqueue('test');
    const { runner, ran } = runnerOf(rig, () => Promise.reject(new Error('the mail server is away')));
    await runner.drain();
    await runner.drain();
    expect(ran).toHaveLength(1);
    rig.clock.advance(5_000);
    await runner.drain();
    rig.clock.advance(5_000);
    await runner.drain();
    expect(ran).toHaveLength(2);
    rig.clock.advance(5_000);
    await runner.drain();
    expect(ran.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(await rows()).toEqual([{ state: 'dead', attempts: 3, last_error: 'Error: the mail server is away' }]);
    rig.clock.advance(24 * HOUR_MS);
    await runner.drain();
    expect(ran).toHaveLength(3);
    expect(rig.log.join('')).toContain('jobs.parked');
  });

  it('one job that fails keeps no other from running', async () => {
    for (let index = 0; index < 5; index += 1) await enqueue('test', { payload: { index } });
    const { runner, ran } = runnerOf(rig, ({ payload }) =>
      payload.index === 2 ? Promise.reject(new Error('no')) : Promise.resolve(),
    );
    await runner.drain();
    expect(ran).toHaveLength(5);
    expect(await rows()).toHaveLength(1);
  });

  it('two runners that claim at the same moment share the jobs and run none twice', async () => {
    for (let index = 0; index < 40; index += 1) await enqueue('test', { payload: { index } });
    const one = runnerOf(rig, undefined, { concurrency: 5 });
    const two = runnerOf(other, undefined, { concurrency: 5 });
    await Promise.all([one.runner.drain(), two.runner.drain()]);
    const ran = [...one.ran, ...two.ran].map(({ payload }) => payload.index as number).sort((a, b) => a - b);
    expect(ran).toEqual(Array.from({ length: 40 }, (_, index) => index));
  });

  it('the job of a worker that died is taken up by another once its lease is over, and not before', async () => {
    await enqueue('test');
    let die = (): void => undefined;
    const dying = runnerOf(rig, () => new Promise((_, reject) => (die = () => reject(new Error('killed')))));
    const death = dying.runner.drain();
    const survivor = runnerOf(other);
    while (dying.ran.length === 0) await rig.asOwner('SELECT 1');

    rig.clock.advance(MINUTE_MS - 1);
    await survivor.runner.drain();
    expect(survivor.ran).toHaveLength(0);
    rig.clock.advance(1);
    await survivor.runner.drain();
    expect(survivor.ran.map(({ attempt }) => attempt)).toEqual([2]);

    die();
    await death;
    expect(await rows()).toEqual([]);
  });

  it('a worker that outlived its lease neither ends nor fails the try of its successor', async () => {
    await enqueue('test');
    const finish: (() => void)[] = [];
    const slow = runnerOf(rig, () => new Promise<void>((resolve) => finish.push(resolve)));
    const first = slow.runner.drain();
    while (slow.ran.length < 1) await rig.asOwner('SELECT 1');
    rig.clock.advance(MINUTE_MS);
    const successor = runnerOf(other, () => new Promise<void>((resolve) => finish.push(resolve)));
    const second = successor.runner.drain();
    while (successor.ran.length < 1) await rig.asOwner('SELECT 1');

    finish[0]?.();
    await first;
    expect(await rows()).toMatchObject([{ state: 'ready', attempts: 2 }]);
    finish[1]?.();
    await second;
    expect(await rows()).toEqual([]);
  });

  it('a job that kills its worker each time is parked, not run for ever', async () => {
    await enqueue('test');
    // Claimed three times by workers that never came back.
    await rig.asOwner('UPDATE jobs SET attempts = 3, leased_until = $1', [rig.clock.in(-1)]);
    const { runner, ran } = runnerOf(rig);
    await runner.drain();
    expect(ran).toHaveLength(0);
    expect(await rows()).toEqual([{ state: 'dead', attempts: 4, last_error: 'its worker died each time' }]);
  });

  it('a kind that only a newer replica knows is left to that one, untouched', async () => {
    await enqueue('from.tomorrow');
    const older = runnerOf(rig);
    await older.runner.drain();
    expect(await rows()).toEqual([{ state: 'ready', attempts: 0, last_error: null }]);
    const newer = runnerOf(other, undefined, { kind: 'from.tomorrow' });
    await newer.runner.drain();
    expect(newer.ran.map(({ attempt }) => attempt)).toEqual([1]);
  });

  it('stop waits for every job that was begun', async () => {
    for (let index = 0; index < 3; index += 1) await enqueue('test', { payload: { index } });
    const finish: (() => void)[] = [];
    const { runner, ran } = runnerOf(rig, () => new Promise<void>((resolve) => finish.push(resolve)));
    runner.start();
    while (ran.length < 3) await rig.asOwner('SELECT 1');
    let stopped = false;
    const stopping = runner.stop().then(() => (stopped = true));
    for (const end of finish.slice(0, 2)) end();
    while ((await rows()).length > 1) await rig.asOwner('SELECT 1');
    expect(stopped).toBe(false);
    finish[2]?.();
    await stopping;
    expect(await rows()).toEqual([]);
  });

  it('a runner that is switched off claims nothing', async () => {
    await enqueue('test');
    const runner = rig.runner({ enabled: false });
    runner.start();
    await runner.stop();
    expect(await rows()).toMatchObject([{ attempts: 0 }]);
  });

  describe('recurring tasks', () => {
    it('run at once the first time, then whenever their time has come, on one replica', async () => {
      const ran: string[] = [];
      const one = rig.runner();
      const two = other.runner();
      const task = (where: string) => ({
        name: 'sweep',
        everyMs: HOUR_MS,
        run: () => Promise.resolve(void ran.push(where)),
      });
      one.every(task('one'));
      two.every(task('two'));
      await Promise.all([one.drain(), two.drain()]);
      expect(ran).toHaveLength(1);
      rig.clock.advance(HOUR_MS - 1);
      await Promise.all([one.drain(), two.drain()]);
      expect(ran).toHaveLength(1);
      rig.clock.advance(1);
      await Promise.all([one.drain(), two.drain()]);
      expect(ran).toHaveLength(2);
    });

    it('one that fails is logged and keeps neither tasks nor jobs from running', async () => {
      await enqueue('test');
      const { runner, ran } = runnerOf(rig);
      let swept = 0;
      runner.every({ name: 'broken', everyMs: HOUR_MS, run: () => Promise.reject(new Error('no')) });
      runner.every({ name: 'fine', everyMs: HOUR_MS, run: () => Promise.resolve(void (swept += 1)) });
      await runner.drain();
      expect([swept, ran.length]).toEqual([1, 1]);
      expect(rig.log.join('')).toContain('"task":"broken"');
    });
  });

  it('two handlers of one kind are a bug, found at start', () => {
    const { runner } = runnerOf(rig);
    expect(() => runner.handle({ kind: 'test', mostAttempts: 1, run: () => Promise.resolve() })).toThrow(
      'two handlers',
    );
  });
});
