import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock/clock.js';
import { type DeliveryOutcome, OutgoingSystemRepository } from './outgoing.system-repository.js';

interface Waiting {
  readonly outcome: DeliveryOutcome;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Notes outcomes, many in one statement when many come at once: while one is written, what comes meanwhile waits and is written together
 * by the next. Each caller's outcome is committed when its call returns.
 */
@Injectable()
export class OutcomeWriter {
  #waiting: Waiting[] = [];
  #writing = false;

  constructor(
    private readonly outgoing: OutgoingSystemRepository,
    private readonly clock: Clock,
  ) {}

  note(outcome: DeliveryOutcome): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ outcome, resolve, reject });
      if (!this.#writing) void this.write();
    });
  }

  private async write(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.outgoing.anyTenantFinish(
          batch.map(({ outcome }) => outcome),
          this.clock.now(),
        );
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#writing = false;
  }
}
