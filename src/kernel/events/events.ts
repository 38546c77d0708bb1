import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { requestContext } from '../context/request-context.js';
import type { AppScope, EnvScope } from '../context/scope.js';
import { IdGenerator, type Id } from '../ids/id.js';
import { Database } from '../persistence/database.js';
import { type EventMap, type EventName, isDescribed } from './event-map.js';
import { OUTBOX } from './outbox-event.entity.js';

export interface RecordedEvent<Name extends EventName> {
  readonly id: Id<'event'>;
  readonly name: Name;
  /** What the event is about: its id orders and filters. */
  readonly subjectId: string;
  readonly payload: EventMap[Name];
  readonly occurredAt: Date;
}

export type WithinHandler<Name extends EventName> = (
  scope: AppScope | EnvScope,
  event: RecordedEvent<Name>,
) => Promise<void>;

type AnyHandler = (scope: AppScope | EnvScope, event: RecordedEvent<EventName>) => Promise<void>;

/** Heard by the replica that recorded a fact, once it is committed. */
export const EVENTS_RECORDED = 'events:recorded';

/** Records facts in the transaction that makes them true; they are delivered after it commits, at least once. */
@Injectable()
export class Events {
  readonly #within = new Map<string, AnyHandler[]>();

  constructor(
    private readonly database: Database,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  /**
   * @param subjectId the id of what the event is about.
   * @throws Error outside a transaction or for an event nobody described: both are bugs.
   */
  async record<Name extends EventName>(
    scope: AppScope | EnvScope,
    name: Name,
    subjectId: string,
    payload: EventMap[Name],
  ): Promise<void> {
    if (!isDescribed(name)) throw new Error(`event ${name} is not described (describeEvents)`);
    const event: RecordedEvent<Name> = {
      id: this.ids.next('event'),
      name,
      subjectId,
      payload,
      occurredAt: this.clock.now(),
    };
    this.database.defer(OUTBOX, {
      id: event.id,
      app_id: scope.appId,
      env_id: 'envId' in scope ? scope.envId : null,
      name,
      subject_id: subjectId,
      payload,
      request_id: requestContext.current()?.requestId ?? null,
      occurred_at: event.occurredAt.toISOString(),
    });
    this.database.whisper(EVENTS_RECORDED);
    for (const handler of this.#within.get(name) ?? []) await handler(scope, event as RecordedEvent<EventName>);
  }

  /** Runs `handler` inside the transaction that records the event; what it throws undoes the change. */
  within<Name extends EventName>(name: Name, handler: WithinHandler<Name>): void {
    const handlers = this.#within.get(name) ?? [];
    handlers.push(handler as unknown as AnyHandler);
    this.#within.set(name, handlers);
  }
}
