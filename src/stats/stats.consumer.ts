import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { StoredFact } from '../kernel/events/event-feed.system-repository.js';
import { type EventConsumer, EventRelay } from '../kernel/events/event-relay.js';
import { COUNTED_EVENTS, type CountedEvent, rollUp } from './stats.rules.js';
import { StatsSystemRepository } from './stats.system-repository.js';

/** Adds facts to the rollups as they are committed: reading a statistic never counts rows. */
@Injectable()
export class StatsConsumer implements EventConsumer, OnModuleInit {
  readonly name = 'stats';
  readonly events = Object.keys(COUNTED_EVENTS) as CountedEvent[];

  constructor(
    private readonly relay: EventRelay,
    private readonly stats: StatsSystemRepository,
  ) {}

  onModuleInit(): void {
    this.relay.consume(this);
  }

  async apply(facts: readonly StoredFact[]): Promise<void> {
    const { increments, activities, totals } = rollUp(facts);
    if (increments.length > 0) await this.stats.anyTenantIncrement(increments);
    if (activities.length > 0) await this.stats.anyTenantNoteActive(activities);
    if (totals.length > 0) await this.stats.anyTenantAddUsers(totals);
  }
}
