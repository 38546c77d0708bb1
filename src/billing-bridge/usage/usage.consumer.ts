import { Injectable, type OnModuleInit } from '@nestjs/common';
import { scopeTo } from '../../kernel/context/scope.js';
import type { StoredFact } from '../../kernel/events/event-feed.system-repository.js';
import { type EventConsumer, EventRelay } from '../../kernel/events/event-relay.js';
import { BilledSubjects } from '../billed-subjects.js';
import type { Usage } from '../ledger.js';
import { METERED_EVENTS, SERVICE_SOURCE, usageOf } from './usage-of-facts.js';
import { UsageRecorder } from './usage-recorder.js';

/**
 * Meters what has happened. The fact is written in the transaction of the change itself (it is the outbox of usage, too), and taken here in the
 * transaction that moves the consumer's place on: a sign-in pays for no statement of its own, and none is lost or counted twice.
 */
@Injectable()
export class UsageConsumer implements EventConsumer, OnModuleInit {
  readonly name = 'usage';
  readonly events = METERED_EVENTS;

  constructor(
    private readonly relay: EventRelay,
    private readonly recorder: UsageRecorder,
    private readonly subjects: BilledSubjects,
  ) {}

  onModuleInit(): void {
    this.relay.consume(this);
  }

  async apply(facts: readonly StoredFact[]): Promise<void> {
    const usages: Usage[] = [];
    for (const fact of facts) {
      const { appId, envId, occurredAt } = fact;
      if (envId === null) continue;
      const scope = scopeTo.env(appId, envId);
      for (const { parties, ...usage } of usageOf(fact)) {
        const subject = await this.subjects.of(scope, parties);
        usages.push({ ...usage, subject, quantity: 1, source: SERVICE_SOURCE, occurredAt });
      }
    }
    await this.recorder.record(usages);
  }
}
