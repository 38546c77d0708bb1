import { Inject, Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { Clock } from '../../kernel/clock/clock.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { Logger } from '../../kernel/logging/logger.js';
import { Metrics } from '../../kernel/metrics/metrics.js';
import { BilledSubjects } from '../billed-subjects.js';
import { UsageDispatches } from '../dispatch/usage-dispatches.js';
import { LEDGER, type Ledger, type Usage, UsageRefused } from '../ledger.js';
import { SERVICE_SOURCE } from './usage-of-facts.js';

/**
 * Takes what was used to the engine in force: into the books in the transaction at hand, or, where the engine is elsewhere, into a queue that
 * is written with it. Either way it is recorded if, and only if, the change commits that it follows from.
 */
@Injectable()
export class UsageRecorder {
  readonly #recorded: Counter;
  readonly #refused: Counter;

  constructor(
    @Inject(LEDGER) private readonly ledger: Ledger,
    private readonly dispatches: UsageDispatches,
    private readonly subjects: BilledSubjects,
    private readonly clock: Clock,
    private readonly logger: Logger,
    metrics: Metrics,
  ) {
    const registers = [metrics.registry];
    this.#recorded = new Counter({
      name: 'authsome_usage_recorded_total',
      help: 'Usage handed to the ledger',
      labelNames: ['feature'],
      registers,
    });
    this.#refused = new Counter({
      name: 'authsome_usage_refused_total',
      help: 'Usage that the ledger can never take',
      registers,
    });
  }

  /** What can never be taken is counted and logged, and holds up nothing. @throws whatever else the engine throws. */
  async record(usages: readonly Usage[]): Promise<void> {
    if (usages.length === 0) return;
    try {
      if (this.ledger.transactional) await this.ledger.recordUsage(usages);
      else await this.dispatches.queue(this.ledger.name, usages);
    } catch (error) {
      if (!(error instanceof UsageRefused)) throw error;
      this.#refused.inc(error.idempotencyKeys.length);
      this.logger.warn('usage.refused', {
        provider: this.ledger.name,
        keys: error.idempotencyKeys.slice(0, 20),
        error,
      });
    }
    for (const { featureKey, quantity } of usages) this.#recorded.inc({ feature: featureKey }, quantity);
  }

  /**
   * A user enrolled another method of a second factor. To be called in the transaction that enrolls it.
   * @param enrollmentId of the enrollment: repeated, it counts once.
   */
  async mfaEnrolled(
    scope: EnvScope,
    {
      userId,
      orgId,
      enrollmentId,
    }: { readonly userId: Id<'user'>; readonly orgId?: Id<'organization'> | null; readonly enrollmentId: string },
  ): Promise<void> {
    const subject = await this.subjects.of(scope, { userId, ...(orgId && { orgId }) });
    await this.record([
      {
        subject,
        featureKey: 'authsome.mfa.enrollments',
        quantity: 1,
        source: SERVICE_SOURCE,
        idempotencyKey: `mfa:${enrollmentId}`,
        occurredAt: this.clock.now(),
        dimensions: { user_id: userId },
      },
    ]);
  }
}
