import { Injectable } from '@nestjs/common';

export type ReadinessState = 'starting' | 'ready' | 'stopping';

/** Whether this replica takes requests: not before its database has the right schema, not while it stops. */
@Injectable()
export class Readiness {
  #state: ReadinessState = 'starting';
  /** Why it is not ready, for operators: no internals. */
  #reason = 'starting';

  get state(): ReadinessState {
    return this.#state;
  }

  get reason(): string {
    return this.#reason;
  }

  get isServing(): boolean {
    return this.#state !== 'starting';
  }

  waiting(reason: string): void {
    this.#reason = reason;
  }

  ready(): void {
    this.#state = 'ready';
    this.#reason = '';
  }

  stopping(): void {
    this.#state = 'stopping';
    this.#reason = 'stopping';
  }
}
