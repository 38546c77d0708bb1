import { Injectable } from '@nestjs/common';
import type { JobContext, JobHandler } from '../kernel/jobs/job-runner.js';
import { DeliveryFailed, Mailer } from './mailer.js';
import type { Message } from './message.js';
import { SEND_MESSAGE } from './messages.js';

/** Takes enqueued messages to the mailer. */
@Injectable()
export class MessageSender implements JobHandler {
  readonly kind = SEND_MESSAGE;
  /** With the runner's doubling waits, the last try comes about three hours after the first. */
  readonly mostAttempts = 12;

  constructor(private readonly mailer: Mailer) {}

  async run({ sealed }: JobContext): Promise<void> {
    try {
      await this.mailer.send(sealed as Message);
    } catch (error) {
      if (error instanceof DeliveryFailed) throw error;
      // An adapter that lets its driver's errors through: their words may repeat the message, so only the name goes on.
      throw new DeliveryFailed(
        `the ${this.mailer.name} mailer failed (${error instanceof Error ? error.name : typeof error})`,
      );
    }
  }
}
