import { describe, expect, it } from '@jest/globals';
import type { Id } from '../../kernel/ids/id.js';
import { Logger } from '../../kernel/logging/logger.js';
import { LogMailer } from './log.mailer.js';

describe('LogMailer', () => {
  it('R301: logs purpose, app, environment and how many it was, and nothing else', async () => {
    const lines: string[] = [];
    const mailer = new LogMailer(
      new Logger({ level: 'info', format: 'json', destination: { write: (line) => void lines.push(line) } }),
    );
    const message = {
      id: 'amsg_1' as Id<'message'>,
      to: 'ada@example.com',
      purpose: 'reset_password',
      appId: 'aapp_1' as Id<'app'>,
      envId: 'aenv_1' as Id<'environment'>,
      subject: 's',
      text: 't',
      html: 'h',
      link: 'l',
      code: 'c',
    } as const;
    await mailer.send(message);
    await mailer.send(message);
    const logged = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const fields = {
      level: 30,
      event: 'message.not_sent',
      purpose: 'reset_password',
      app_id: 'aapp_1',
      env_id: 'aenv_1',
    };
    expect(logged).toEqual([
      { ...fields, time: expect.any(String), count: 1 },
      { ...fields, time: expect.any(String), count: 2 },
    ]);
  });
});
