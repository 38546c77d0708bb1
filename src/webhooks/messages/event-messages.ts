import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { StoredFact } from '../../kernel/events/event-feed.system-repository.js';
import type { EventEnvelope } from './event-envelope.js';
import { EventResources } from './event-resources.js';

/** Bodies stay below it (R232): receivers limit what they take. */
const MOST_BYTES = 20_000;

/** What is told of a fact; where it stands in the order of reading is of no concern here. */
export type ToldFact = Omit<StoredFact, 'txId' | 'requestId'>;

/** Makes envelopes out of the facts of one environment. */
@Injectable()
export class EventMessages {
  constructor(private readonly resources: EventResources) {}

  async compose(scope: EnvScope, facts: readonly ToldFact[]): Promise<EventEnvelope[]> {
    const resources = await this.resources.of(
      scope,
      facts.map(({ payload }) => payload),
    );
    return facts.map((fact, index) => short(envelopeOf(scope, fact, resources[index] ?? {})));
  }
}

function envelopeOf(scope: EnvScope, fact: ToldFact, resources: Readonly<Record<string, object>>): EventEnvelope {
  return {
    id: fact.id,
    event: fact.name,
    app_id: scope.appId,
    env_id: scope.envId,
    occurred_at: fact.occurredAt.toISOString(),
    sequence: Number(fact.sequence),
    data: { ...fact.payload, ...resources },
  };
}

/** Metadata is what can be large; a receiver that needs it reads the resource. */
function short(envelope: EventEnvelope): EventEnvelope {
  if (Buffer.byteLength(JSON.stringify(envelope)) < MOST_BYTES) return envelope;
  const data = Object.entries(envelope.data).map(([name, value]) => [name, withoutMetadata(value)]);
  return { ...envelope, data: Object.fromEntries(data) as Record<string, unknown> };
}

function withoutMetadata(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('metadata' in value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== 'metadata'));
}
