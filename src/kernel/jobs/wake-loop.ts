/** Rounds of work, one after the other: woken while one runs, another follows it. Woken now and then even when nobody asks. */
export class WakeLoop {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = true;

  /** @param round must not fail: what it cannot do now, it tries again in the next round. */
  constructor(private readonly round: () => Promise<void>) {}

  get isStopped(): boolean {
    return this.#stopped;
  }

  start(everyMs: number): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#timer = setInterval(() => this.wake(), everyMs);
    this.wake();
  }

  wake(): void {
    if (this.#stopped) return;
    if (this.#running !== undefined) {
      this.#again = true;
      return;
    }
    this.#running = this.round().finally(() => {
      this.#running = undefined;
      if (!this.#again) return;
      this.#again = false;
      this.wake();
    });
  }

  /** Waits for the round that runs; begins no more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#running;
  }
}
