import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, it } from '@jest/globals';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { FakeClock } from '../../src/kernel/clock/fake-clock.js';
import { Secret } from '../../src/kernel/crypto/secret.js';
import { Logger } from '../../src/kernel/logging/logger.js';
import { OutboundClient } from '../../src/kernel/outbound/outbound-client.js';
import { HttpMailer } from '../../src/messaging/adapters/http.mailer.js';
import { LogMailer } from '../../src/messaging/adapters/log.mailer.js';
import { MailboxMailer } from '../../src/messaging/adapters/mailbox.mailer.js';
import { SmtpMailer } from '../../src/messaging/adapters/smtp.mailer.js';
import type { MessageDocument } from '../../src/messaging/message.js';
import { mailerContract, type MailerRig, type ReceivedMessage } from '../../src/testing/mailer.contract.js';

const nothing = async (): Promise<void> => undefined;

async function smtpRig(): Promise<MailerRig> {
  const received: ReceivedMessage[] = [];
  let broken = false;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onRcptTo: ({ address }, _session, done) => done(broken ? new Error(`<${address}> is not known here`) : null),
    onData: (stream, { envelope }, done) => {
      void simpleParser(stream).then((mail) => {
        received.push({
          recipients: envelope.rcptTo.map(({ address }) => address ?? ''),
          subject: mail.subject ?? '',
          text: mail.text ?? '',
          html: mail.html || '',
        });
        done();
      });
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as { port: number };
  return {
    mailer: new SmtpMailer({ url: new Secret(`smtp://127.0.0.1:${port}`), from: 'Acme <no-reply@acme.example>' }),
    received: () => received,
    breakDown: () => void (broken = true),
    logs: () => '',
    close: () => new Promise((closed) => server.close(closed)),
  };
}

async function httpRig(): Promise<MailerRig> {
  const received: ReceivedMessage[] = [];
  let broken = false;
  const server = createServer((request, response) => {
    void request.toArray().then((chunks: Buffer[]) => {
      const body = Buffer.concat(chunks).toString();
      if (broken) return response.writeHead(500).end(body);
      const { to, subject, text, html } = JSON.parse(body) as MessageDocument;
      received.push({ recipients: [to], subject, text, html });
      return response.writeHead(204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const outbound = new OutboundClient({ allow: [`127.0.0.1:${port}`] });
  return {
    mailer: new HttpMailer(outbound, { url: new URL(`http://127.0.0.1:${port}/messages`) }),
    received: () => received,
    breakDown: () => void (broken = true),
    logs: () => '',
    close: async () => {
      await outbound.onApplicationShutdown();
      await new Promise((closed) => server.close(closed));
    },
  };
}

async function mailboxRig(): Promise<MailerRig> {
  const mailer = new MailboxMailer(new FakeClock(new Date('2026-01-01T00:00:00Z')));
  return {
    mailer,
    received: () => [...mailer.messages()].reverse().map(({ to, ...message }) => ({ ...message, recipients: [to] })),
    breakDown: () => undefined,
    logs: () => '',
    close: nothing,
  };
}

async function logRig(): Promise<MailerRig> {
  const lines: string[] = [];
  const logger = new Logger({
    level: 'debug',
    format: 'json',
    destination: { write: (line) => void lines.push(line) },
  });
  return {
    mailer: new LogMailer(logger),
    received: () => [],
    breakDown: () => undefined,
    logs: () => lines.join(''),
    close: nothing,
  };
}

describe.each([
  { name: 'smtp', make: smtpRig, traits: { delivers: true, remote: true } },
  { name: 'http', make: httpRig, traits: { delivers: true, remote: true } },
  { name: 'mailbox', make: mailboxRig, traits: { delivers: true, remote: false } },
  { name: 'log', make: logRig, traits: { delivers: false, remote: false } },
])('Mailer contract: $name', ({ make, traits }) => {
  for (const { name, run } of mailerContract(make, traits)) it(name, run);
});
