import type { Logger } from '../../kernel/logging/logger.js';
import { Mailer } from '../mailer.js';
import type { Message } from '../message.js';

/** Sends nothing, and logs that it would have: never the address, the link or the code, which open accounts (R301). */
export class LogMailer extends Mailer {
  override readonly name = 'log';
  #count = 0;

  constructor(private readonly logger: Logger) {
    super();
  }

  override async send({ purpose, appId, envId }: Message): Promise<void> {
    this.#count += 1;
    this.logger.info('message.not_sent', { purpose, app_id: appId, env_id: envId, count: this.#count });
  }
}
