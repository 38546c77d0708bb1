import { describe, expect, it } from '@jest/globals';
import { requestContext } from '../context/request-context.js';
import { Logger, type LoggerOptions } from './logger.js';

/** What a client may put into an agent, a name or an id to forge a line or to command a terminal. */
const HOSTILE = 'a\r\nlevel=error\u001b[31m\u0000\u009b31m\u2028\u2029\u202egnp.exe" x=1 \\';

function loggerOf(
  format: LoggerOptions['format'],
  level: LoggerOptions['level'] = 'debug',
): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  return { lines, logger: new Logger({ level, format, destination: { write: (line) => void lines.push(line) } }) };
}

describe('Logger', () => {
  it('writes one JSON object per line: time, level, event and fields', () => {
    const { logger, lines } = loggerOf('json');
    logger.info('user.created', { user_id: 'ausr_1' });
    expect(lines).toHaveLength(1);
    const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    expect(line).toMatchObject({ level: 30, event: 'user.created', user_id: 'ausr_1' });
    expect(new Date(line.time as string).toISOString()).toBe(line.time);
  });

  it.each(['json', 'human'] as const)('R303: a value is one well-formed %s line, whatever it holds', (format) => {
    const { logger, lines } = loggerOf(format);
    logger.warn('something', { agent: HOSTILE, nested: { [HOSTILE]: [HOSTILE] } });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^[^\u0000-\u001f]*\n$/);
  });

  it('R303: a terminal is sent nothing that it obeys or that turns the line around', () => {
    const { logger, lines } = loggerOf('human');
    logger.warn(HOSTILE, { agent: HOSTILE });
    expect(lines[0]).toMatch(/^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]*\n$/);
  });

  it('R303: a value in a human line cannot pass for another field', () => {
    const { logger, lines } = loggerOf('human');
    logger.info('request', { agent: 'x status=200 user_id=ausr_2', plain: 'Acme Inc.', count: 3 });
    expect(lines[0]).toMatch(/ info  request agent="x status=200 user_id=ausr_2" plain=Acme Inc\. count=3\n$/);
  });

  it('R301: fields are redacted in every level and format', () => {
    for (const format of ['json', 'human'] as const) {
      const { logger, lines } = loggerOf(format);
      for (const level of ['info', 'warn', 'error', 'debug', 'fatal'] as const)
        logger[level]('x', { password: 'marker' });
      logger.log('x', { password: 'marker' });
      expect(lines).toHaveLength(6);
      expect(lines.join('')).not.toContain('marker');
    }
  });

  it('a line written while a request is served bears its id', () => {
    const { logger, lines } = loggerOf('json');
    requestContext.run({ requestId: 'request-1', ipAddress: undefined, userAgent: undefined }, () =>
      logger.info('inside'),
    );
    logger.info('outside');
    expect(lines.map((line) => (JSON.parse(line) as { request_id?: string }).request_id)).toEqual([
      'request-1',
      undefined,
    ]);
  });

  it('what is below the level is not written', () => {
    const { logger, lines } = loggerOf('json', 'warn');
    logger.info('x');
    logger.debug('x');
    logger.log('x', 'Nest');
    expect(lines).toEqual([]);
    expect(logger.isEnabled('info')).toBe(false);
    logger.error('x');
    expect(lines).toHaveLength(1);
  });

  it('Nest’s chatter is for debugging, and its contexts are fields', () => {
    const { logger, lines } = loggerOf('json');
    logger.log('started', 'NestFactory');
    logger.error('failed', 'stack');
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { level: 20, event: 'started', context: 'NestFactory' },
      { level: 50, event: 'failed', context: 'stack' },
    ]);
  });
});
