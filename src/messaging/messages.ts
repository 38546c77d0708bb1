import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../kernel/context/scope.js';
import { IdGenerator } from '../kernel/ids/id.js';
import { Jobs } from '../kernel/jobs/jobs.js';
import type { Message } from './message.js';

export type NewMessage = Omit<Message, 'id' | 'appId' | 'envId'>;

export const SEND_MESSAGE = 'message.send';

/**
 * Sends messages: with the change they belong to, or not at all. They leave from a job, so a mail server that is slow or down delays
 * nothing else and loses nothing.
 */
@Injectable()
export class Messages {
  constructor(
    private readonly jobs: Jobs,
    private readonly ids: IdGenerator,
  ) {}

  /**
   * Enqueues the message in the current transaction. All of it is sealed: it holds an address and often a secret (R307).
   * @throws Error outside a transaction.
   */
  send({ appId, envId }: EnvScope, { to, purpose, subject, text, html, link, code, userId }: NewMessage): void {
    const id = this.ids.next('message');
    const message: Message = { id, to, purpose, appId, envId, subject, text, html, link, code, userId };
    this.jobs.enqueue({
      kind: SEND_MESSAGE,
      payload: { message_id: id, purpose },
      sealed: message,
      ...(userId === undefined ? {} : { subjectId: userId }),
    });
  }
}
