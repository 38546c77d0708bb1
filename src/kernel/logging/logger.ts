import type { LoggerService } from '@nestjs/common';
import type { DestinationStream, Logger as Pino } from 'pino';
import { pino } from 'pino';
import { requestContext } from '../context/request-context.js';
import { humanStream } from './human-stream.js';
import { redact } from './redact.js';

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'silent';

export interface LoggerOptions {
  readonly level: LogLevel;
  /** `json`: one object per line, for machines. `human`: one readable line, for a terminal. */
  readonly format: 'json' | 'human';
  /** Default: standard output. */
  readonly destination?: DestinationStream;
}

/**
 * Structured logging: a fixed event name and its fields. Fields are redacted (R301) and control characters are escaped by the
 * JSON encoding, so one call is one well-formed line whatever a client sent (R303).
 */
export class Logger implements LoggerService {
  readonly #pino: Pino;

  constructor(options: LoggerOptions) {
    const destination = options.destination ?? pino.destination({ fd: 1, sync: false });
    this.#pino = pino(
      { level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime, messageKey: 'event' },
      options.format === 'human' ? humanStream(destination) : destination,
    );
  }

  isEnabled(level: LogLevel): boolean {
    return this.#pino.isLevelEnabled(level);
  }

  info(event: string, fields: Record<string, unknown> = {}): void {
    if (this.#pino.isLevelEnabled('info')) this.#pino.info(this.prepare(fields), event);
  }

  warn(event: unknown, fields?: unknown): void {
    if (this.#pino.isLevelEnabled('warn')) this.#pino.warn(this.prepare(fields), String(event));
  }

  error(event: unknown, fields?: unknown): void {
    if (this.#pino.isLevelEnabled('error')) this.#pino.error(this.prepare(fields), String(event));
  }

  debug(event: unknown, fields?: unknown): void {
    if (this.#pino.isLevelEnabled('debug')) this.#pino.debug(this.prepare(fields), String(event));
  }

  /** A line of known shape on a hot path: the caller vouches that no field needs redaction. */
  request(fields: Record<string, unknown>): void {
    this.#pino.info(fields, 'request');
  }

  /** Nest's own messages; its start-up chatter is of interest only when debugging. */
  log(message: unknown, context?: unknown): void {
    this.debug(message, { context });
  }

  verbose(message: unknown, context?: unknown): void {
    this.debug(message, { context });
  }

  fatal(event: unknown, fields?: unknown): void {
    this.#pino.fatal(this.prepare(fields), String(event));
  }

  flush(): void {
    this.#pino.flush();
  }

  private prepare(fields: unknown): Record<string, unknown> {
    const requestId = requestContext.current()?.requestId;
    const safe =
      typeof fields === 'object' && fields !== null ? fields : fields === undefined ? {} : { context: fields };
    return { ...(redact(safe) as object), ...(requestId === undefined ? {} : { request_id: requestId }) };
  }
}
