import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '../../http/access/access.js';
import { type KeptMessage, MailboxMailer } from '../adapters/mailbox.mailer.js';
import { mailboxPage } from './mailbox-page.js';

const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/** Shows what the development mailbox keeps. Registered with that driver only, and the driver is refused in production. */
@ApiExcludeController()
@Controller('dev/mailbox')
export class MailboxController {
  constructor(private readonly mailbox: MailboxMailer) {}

  @Get()
  @Public({ tenant: 'none' })
  page(@Res({ passthrough: true }) reply: FastifyReply): string {
    reply.type('text/html; charset=utf-8').header('content-security-policy', CONTENT_SECURITY_POLICY);
    return mailboxPage(this.mailbox.messages());
  }

  @Get('messages')
  @Public({ tenant: 'none' })
  messages(@Query('to') to?: unknown): { messages: readonly KeptMessage[] } {
    return { messages: this.mailbox.messages(typeof to === 'string' ? to : undefined) };
  }
}
