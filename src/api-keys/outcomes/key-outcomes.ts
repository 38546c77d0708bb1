import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { Metrics } from '../../kernel/metrics/metrics.js';
import type { KeyOutcome, UnknownKeyRefusal } from '../key-rules.js';

/** Counts what became of presented keys, under the exact reason that callers are not told. */
@Injectable()
export class KeyOutcomes {
  readonly #counts = new Map<KeyOutcome | UnknownKeyRefusal, number>();
  #graceUses = 0;

  constructor(metrics: Metrics) {
    const counts = this.#counts;
    new Counter({
      name: 'authsome_api_key_validations_total',
      help: 'API keys that were presented, by outcome',
      labelNames: ['outcome'],
      registers: [metrics.registry],
      // Brought over when somebody looks: a counter's own labels cost more than a whole validation.
      collect() {
        this.reset();
        for (const [outcome, count] of counts) this.inc({ outcome }, count);
      },
    });
    const graceUses = (): number => this.#graceUses;
    new Counter({
      name: 'authsome_api_key_grace_uses_total',
      help: 'Accepted validations by a secret that was rotated out',
      registers: [metrics.registry],
      collect() {
        this.reset();
        this.inc(graceUses());
      },
    });
  }

  count(outcome: KeyOutcome | UnknownKeyRefusal): void {
    this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + 1);
  }

  countGraceUse(): void {
    this.#graceUses += 1;
  }
}
