import { Injectable, type OnModuleInit } from '@nestjs/common';
import { scopeTo } from '../../kernel/context/scope.js';
import type { StoredFact } from '../../kernel/events/event-feed.system-repository.js';
import { type EventConsumer, EventRelay } from '../../kernel/events/event-relay.js';
import type { Id } from '../../kernel/ids/id.js';
import { matchesAny } from '../event-patterns.js';
import { FanOut, HAPPENED, type Wanted } from './fan-out.js';
import { FanOutSystemRepository, type Listener } from './fan-out.system-repository.js';

type EnvFact = StoredFact & { readonly envId: Id<'environment'> };

/** Queues each fact once for every endpoint that wants it. Facts of an app as a whole belong to no environment and go to nobody. */
@Injectable()
export class FanOutConsumer implements EventConsumer, OnModuleInit {
  readonly name = 'webhooks';
  /** Times as many endpoints as want it: few enough for one transaction. */
  readonly batch = 100;

  constructor(
    private readonly relay: EventRelay,
    private readonly repository: FanOutSystemRepository,
    private readonly fanOut: FanOut,
  ) {}

  onModuleInit(): void {
    this.relay.consume(this);
  }

  async apply(facts: readonly StoredFact[]): Promise<void> {
    const placed = facts.filter((fact): fact is EnvFact => fact.envId !== null);
    if (placed.length === 0) return;
    const listeners = await this.repository.anyTenantListeners([...new Set(placed.map(({ envId }) => envId))]);
    for (const envId of new Set(listeners.map((listener) => listener.envId))) {
      const listening = listeners.filter((listener) => listener.envId === envId);
      const wanted = placed
        .filter((fact) => fact.envId === envId)
        .map((fact) => ({ fact, webhookIds: wanting(listening, fact.name) }))
        .filter(({ webhookIds }: Wanted) => webhookIds.length > 0);
      const [first] = wanted;
      if (first !== undefined) await this.fanOut.queue(scopeTo.env(first.fact.appId, envId), wanted, HAPPENED);
    }
  }
}

function wanting(listeners: readonly Listener[], event: string): Id<'webhook'>[] {
  return listeners.filter(({ events }) => matchesAny(events, event)).map(({ id }) => id);
}
