const WIDTH = 30;

/** One line that grows on a terminal; elsewhere a line now and then, so that logs stay readable. */
export class ProgressBar {
  readonly #startedMs = performance.now();
  #saidMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly out: NodeJS.WriteStream) {}

  /** @param total 0: nothing to do. */
  show(done: number, total: number): void {
    const share = total === 0 ? 1 : done / total;
    const filled = Math.round(share * WIDTH);
    const perSecond = Math.round(done / Math.max(0.001, (performance.now() - this.#startedMs) / 1_000));
    const bar = `[${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}]`;
    this.say(`${bar} ${Math.floor(share * 100)} %  ${done}/${total}  ${perSecond}/s`, done === total);
  }

  note(text: string): void {
    this.say(text, false);
  }

  end(): void {
    if (this.out.isTTY) this.out.write('\n');
  }

  private say(text: string, always: boolean): void {
    if (this.out.isTTY) {
      this.out.write(`\r\u001b[K${text}`);
      return;
    }
    const nowMs = performance.now();
    if (!always && nowMs - this.#saidMs < 5_000) return;
    this.#saidMs = nowMs;
    this.out.write(`${text}\n`);
  }
}
