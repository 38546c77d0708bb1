import { type DynamicModule, Module, type OnModuleInit } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Clock } from '../kernel/clock/clock.js';
import { JobRunner } from '../kernel/jobs/job-runner.js';
import { Logger } from '../kernel/logging/logger.js';
import { OutboundClient } from '../kernel/outbound/outbound-client.js';
import { OutboundModule } from '../kernel/outbound/outbound.module.js';
import { HttpMailer } from './adapters/http.mailer.js';
import { LogMailer } from './adapters/log.mailer.js';
import { MailboxMailer } from './adapters/mailbox.mailer.js';
import { SmtpMailer } from './adapters/smtp.mailer.js';
import { Links } from './links.js';
import { MailboxController } from './mailbox/mailbox.controller.js';
import { Mailer } from './mailer.js';
import { MessageSender } from './message-sender.js';
import { Messages } from './messages.js';

/** What tests and library users may replace. */
export interface MessagingOverrides {
  /** Used instead of the configured driver. */
  readonly mailer?: Mailer;
}

/** Messages to people: enqueued with the change they belong to, delivered by the configured mailer. Features use `Messages` and `Links`. */
@Module({})
export class MessagingModule implements OnModuleInit {
  constructor(
    private readonly runner: JobRunner,
    private readonly sender: MessageSender,
    private readonly mailer: Mailer,
    private readonly logger: Logger,
  ) {}

  static register(config: Config, { mailer }: MessagingOverrides = {}): DynamicModule {
    const mailbox = mailer === undefined && config.mail.driver === 'mailbox';
    return {
      module: MessagingModule,
      global: true,
      imports: [OutboundModule],
      controllers: mailbox ? [MailboxController] : [],
      providers: [
        Messages,
        MessageSender,
        Links,
        mailer === undefined
          ? { provide: Mailer, inject: [Config, OutboundClient, Clock, Logger], useFactory: createMailer }
          : { provide: Mailer, useValue: mailer },
        ...(mailbox ? [{ provide: MailboxMailer, useExisting: Mailer }] : []),
      ],
      exports: [Messages, Links],
    };
  }

  onModuleInit(): void {
    this.runner.handle(this.sender);
    this.logger.info('messaging.mailer', { mailer: this.mailer.name });
  }
}

export function createMailer({ mail }: Config, outbound: OutboundClient, clock: Clock, logger: Logger): Mailer {
  switch (mail.driver) {
    case 'smtp':
      return new SmtpMailer({ url: required(mail.smtpUrl, 'AUTHSOME_SMTP_URL'), from: mail.from });
    case 'http':
      return new HttpMailer(outbound, {
        url: required(mail.httpUrl, 'AUTHSOME_MAIL_HTTP_URL'),
        ...(mail.httpToken === undefined ? {} : { token: mail.httpToken }),
      });
    case 'mailbox':
      return new MailboxMailer(clock);
    case 'log':
      return new LogMailer(logger);
    default:
      return unknownDriver(mail.driver);
  }
}

/** A driver without a case above does not compile; none at all is refused when the configuration is read. */
function unknownDriver(driver: undefined): never {
  throw new Error(`no mailer for the driver ${String(driver)}`);
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`${name} is missing, which reading the configuration should have found`);
  return value;
}
