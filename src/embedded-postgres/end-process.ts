import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

/** A request to end, and how long it may take before the next, ruder one. */
export interface EndingStep {
  readonly signal: NodeJS.Signals;
  readonly graceMs: number;
}

/** Sends the signals one after another until the process is gone, SIGKILL at last. @returns once it is gone. */
export async function endProcess(child: ChildProcess, steps: readonly EndingStep[]): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new AbortController();
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      gone.abort();
      resolve();
    });
  });
  for (const { signal, graceMs } of steps) {
    child.kill(signal);
    await delay(graceMs, undefined, { signal: gone.signal }).catch(() => undefined);
    if (gone.signal.aborted) return;
  }
  child.kill('SIGKILL');
  await exited;
}
