import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { endProcess } from '../../../src/embedded-postgres/end-process.js';

/** A process that goes on after the given signals. */
async function deafTo(...signals: string[]): Promise<ChildProcess> {
  const traps = signals.map((signal) => `process.on('${signal}', () => {});`).join('');
  const child = spawn(process.execPath, ['-e', `${traps} setInterval(() => {}, 1000); console.log('deaf')`]);
  await once(child.stdout, 'data');
  return child;
}

const steps = [
  { signal: 'SIGINT', graceMs: 50 },
  { signal: 'SIGQUIT', graceMs: 50 },
] as const;

describe('ending a process', () => {
  it.each([
    { deaf: [], ends: 'SIGINT' },
    { deaf: ['SIGINT'], ends: 'SIGQUIT' },
    { deaf: ['SIGINT', 'SIGQUIT'], ends: 'SIGKILL' },
  ])('goes as far as it has to: deaf to $deaf, it ends by $ends', async ({ deaf, ends }) => {
    const child = await deafTo(...deaf);
    await endProcess(child, steps);
    expect(child.signalCode).toBe(ends);
  });

  it('is done at once with a process that has ended or never started', async () => {
    const ended = spawn(process.execPath, ['-e', '']);
    await once(ended, 'exit');
    await endProcess(ended, steps);
    const never = spawn('/nowhere');
    await once(never, 'error');
    await endProcess(never, steps);
  });
});
