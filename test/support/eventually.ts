import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 10;

/**
 * Waits for something that must become true.
 * @param what named in the failure.
 * @param withinMs the deadline: a guarantee where the requirement names one, otherwise far more than it ever takes.
 * @throws Error when it has not become true by then.
 */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 15_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`${what} did not happen within ${withinMs} ms`);
    await delay(POLL_MS);
  }
}
