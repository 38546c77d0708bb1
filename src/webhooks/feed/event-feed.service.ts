import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { FactPlace } from '../../kernel/events/event-feed.system-repository.js';
import { Cursors, MalformedCursor, type PageRequest } from '../../kernel/persistence/page.js';
import { eventsNamedBy, isKnownPattern } from '../event-patterns.js';
import type { EventEnvelope } from '../messages/event-envelope.js';
import { EventMessages } from '../messages/event-messages.js';
import { unknownEvent } from '../webhooks.problems.js';
import { EventFeedRepository, type FeedFilter, type FeedPage } from './event-feed.repository.js';

export interface EventPage {
  readonly events: EventEnvelope[];
  /** Where to go on, even when there is nothing new yet. */
  readonly nextCursor: string;
  readonly hasMore: boolean;
}

/** Before everything that is kept. */
export const BEGINNING: FactPlace = { txId: '0', sequence: '0' };

/** The events of an environment in an order in which none is ever missed. */
@Injectable()
export class EventFeedService {
  constructor(
    private readonly feed: EventFeedRepository,
    private readonly messages: EventMessages,
    private readonly cursors: Cursors,
  ) {}

  /**
   * @param patterns which events; empty: all. @param fromNow without a cursor: only what is still to come.
   * @throws MalformedCursor, UnknownEvent
   */
  async read(
    scope: EnvScope,
    patterns: readonly string[],
    fromNow: boolean,
    { limit, cursor }: PageRequest,
  ): Promise<EventPage> {
    const filter = filterOf(patterns);
    const list = `events/${scope.envId}`;
    if (cursor === undefined && fromNow) {
      const { reached } = await this.feed.next(scope, BEGINNING, { names: [] }, 1);
      return { events: [], nextCursor: this.cursors.encode(list, spelled(reached)), hasMore: false };
    }
    const place = cursor === undefined ? BEGINNING : placeOf(this.cursors.decode(list, cursor));
    const { facts, reached } = await this.feed.next(scope, place, filter, limit);
    return {
      events: await this.messages.compose(scope, facts),
      nextCursor: this.cursors.encode(list, spelled(reached)),
      hasMore: facts.length === limit,
    };
  }

  /** Facts after a place, for the replay. */
  facts(scope: EnvScope, place: FactPlace, filter: FeedFilter, limit: number): Promise<FeedPage> {
    return this.feed.next(scope, place, filter, limit);
  }
}

/** @throws UnknownEvent */
function filterOf(patterns: readonly string[]): FeedFilter {
  const unknown = patterns.find((pattern) => !isKnownPattern(pattern));
  if (unknown !== undefined) throw unknownEvent(unknown);
  return patterns.length === 0 || patterns.includes('*') ? {} : { names: eventsNamedBy(patterns) };
}

function spelled({ txId, sequence }: FactPlace): string {
  return `${txId}:${sequence}`;
}

function placeOf(key: string): FactPlace {
  const [txId, sequence] = key.split(':');
  if (txId === undefined || sequence === undefined) throw new MalformedCursor();
  return { txId, sequence };
}
