import { Module } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Config } from '../config/config.js';
import { loadConfig, withValues } from '../config/load-config.js';
import { Clock } from '../kernel/clock/clock.js';
import { FakeClock } from '../kernel/clock/fake-clock.js';
import { type Id, IdGenerator, TypeIdGenerator } from '../kernel/ids/id.js';
import { type JobHandler, JobRunner } from '../kernel/jobs/job-runner.js';
import { Jobs } from '../kernel/jobs/jobs.js';
import { Logger } from '../kernel/logging/logger.js';
import { OutboundClient } from '../kernel/outbound/outbound-client.js';
import { Mailer } from './mailer.js';
import type { Message } from './message.js';
import { createMailer, type MessagingOverrides, MessagingModule } from './messaging.module.js';

const clock = new FakeClock(new Date('2026-01-01T00:00:00Z'));
const logger = new Logger({ level: 'silent', format: 'json' });

const configOf = (env: Record<string, string>): Config =>
  withValues(loadConfig(env), { http: { publicUrl: new URL('https://id.example.com') } });

const message: Message = {
  id: 'amsg_1' as Id<'message'>,
  to: 'ada@example.com',
  purpose: 'verify_email',
  appId: 'aapp_1' as Id<'app'>,
  envId: 'aenv_1' as Id<'environment'>,
  subject: 'first',
  text: 'text',
  html: '<p>html</p>',
  link: 'https://id.example.com/pages/verify-email#token=abc',
  code: '012345',
};

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function start(config: Config, overrides?: MessagingOverrides) {
  const handlers: JobHandler[] = [];
  const kernel = [
    { provide: Config, useValue: config },
    { provide: Clock, useValue: clock },
    { provide: Logger, useValue: logger },
    { provide: IdGenerator, useValue: new TypeIdGenerator() },
    { provide: Jobs, useValue: {} },
    { provide: JobRunner, useValue: { handle: (handler: JobHandler) => handlers.push(handler) } },
  ];
  @Module({})
  class StubKernel {}
  const testing = await Test.createTestingModule({
    imports: [
      { module: StubKernel, global: true, providers: kernel, exports: kernel.map(({ provide }) => provide) },
      MessagingModule.register(config, overrides),
    ],
  }).compile();
  const app = testing.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  closing.push(() => app.close());
  const deliver = async (changes: Partial<Message> = {}): Promise<void> => {
    for (const handler of handlers) await handler.run({ payload: {}, sealed: { ...message, ...changes }, attempt: 1 });
  };
  const get = (url: string) => app.inject({ method: 'GET', url });
  return { handlers, deliver, get };
}

class RecordingMailer extends Mailer {
  override readonly name = 'recording';
  readonly sent: Message[] = [];

  override async send(sent: Message): Promise<void> {
    this.sent.push(sent);
  }
}

describe('MessagingModule', () => {
  it('handles the jobs that carry messages', async () => {
    const { handlers } = await start(configOf({}));
    expect(handlers.map(({ kind }) => kind)).toEqual(['message.send']);
  });

  it('uses the mailer that a library user brings, and then serves no mailbox', async () => {
    const mailer = new RecordingMailer();
    const { deliver, get } = await start(configOf({}), { mailer });
    await deliver();
    expect(mailer.sent).toEqual([message]);
    expect((await get('/dev/mailbox')).statusCode).toBe(404);
    expect((await get('/dev/mailbox/messages')).statusCode).toBe(404);
  });

  it.each([
    [{ AUTHSOME_MAIL_DRIVER: 'smtp', AUTHSOME_SMTP_URL: 'smtp://mail.example' }, 'smtp'],
    [{ AUTHSOME_MAIL_DRIVER: 'http', AUTHSOME_MAIL_HTTP_URL: 'https://mail.example/in' }, 'http'],
    [{ AUTHSOME_MAIL_DRIVER: 'log' }, 'log'],
    [{}, 'mailbox'],
  ])('with %j the driver is %s', async (env, name) => {
    expect(
      createMailer(configOf(env as Record<string, string>), new OutboundClient({ allow: [] }), clock, logger).name,
    ).toBe(name);
  });

  it.each(['smtp', 'http', 'log'])('serves no mailbox with the %s driver', async (driver) => {
    const env = { AUTHSOME_SMTP_URL: 'smtp://mail.example', AUTHSOME_MAIL_HTTP_URL: 'https://mail.example/in' };
    const { get } = await start(configOf({ ...env, AUTHSOME_MAIL_DRIVER: driver }));
    expect((await get('/dev/mailbox')).statusCode).toBe(404);
    expect((await get('/dev/mailbox/messages')).statusCode).toBe(404);
  });
});

describe('The development mailbox', () => {
  it('lists messages as JSON, newest first, all or of one address', async () => {
    const { deliver, get } = await start(configOf({}));
    await deliver();
    await deliver({ subject: 'second', to: 'bob@example.com', link: undefined, code: undefined });
    const { messages } = (await get('/dev/mailbox/messages')).json<{ messages: unknown[] }>();
    expect(messages).toMatchObject([
      { subject: 'second', to: 'bob@example.com', link: null, code: null },
      { subject: 'first', code: '012345', link: message.link, received_at: '2026-01-01T00:00:00.000Z' },
    ]);
    const ofAda = (await get('/dev/mailbox/messages?to=ada%40example.com')).json<{ messages: unknown[] }>();
    expect(ofAda.messages).toMatchObject([{ subject: 'first' }]);
    expect((await get('/dev/mailbox/messages?to=nobody%40example.com')).json()).toEqual({ messages: [] });
  });

  it('keeps the latest 200', async () => {
    const { deliver, get } = await start(configOf({}));
    for (let count = 1; count <= 201; count += 1) await deliver({ subject: `number ${count}` });
    const { messages } = (await get('/dev/mailbox/messages')).json<{ messages: { subject: string }[] }>();
    expect(messages).toHaveLength(200);
    expect(messages[0]?.subject).toBe('number 201');
    expect(messages.at(-1)?.subject).toBe('number 2');
  });

  it('shows a person what to click and what to type', async () => {
    const { deliver, get } = await start(configOf({}));
    await deliver();
    const page = await get('/dev/mailbox');
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.body).toContain(`<a href="${message.link}"`);
    expect(page.body).toContain('<code>012345</code>');
    expect(page.body).toContain('ada@example.com');
    expect(page.body).toContain('http-equiv="refresh"');
  });

  it('R337: every value of a message appears literally, and only web addresses can be clicked', async () => {
    const { deliver, get } = await start(configOf({}));
    const hostile = `"><script>alert('x')</script>`;
    await deliver({ to: hostile, subject: hostile, text: hostile, code: hostile, link: hostile });
    await deliver({ link: 'javascript:alert(1)' });
    const { body } = await get('/dev/mailbox');
    expect(body).not.toContain('<script');
    expect(body).not.toContain('href="javascript:');
    expect(body.split('&quot;&gt;&lt;script&gt;')).toHaveLength(6);
  });
});
