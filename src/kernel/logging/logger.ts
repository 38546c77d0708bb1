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

/** A request that was answered. */
export interface ServedRequest {
  readonly requestId: string;
  readonly method: string;
  /** The pattern of the route, not the URL: a URL may hold what must not be logged. */
  readonly route: string;
  readonly status: number;
  readonly ms: number;
  readonly appId: string | undefined;
  readonly envId: string | undefined;
  readonly userId: string | undefined;
}

/**
 * Structured logging: a fixed event name and its fields. Fields are redacted (R301) and control characters are escaped by the
 * JSON encoding, so one call is one well-formed line whatever a client sent (R303).
 */
export class Logger implements LoggerService {
  readonly #pino: Pino;
  readonly #destination: DestinationStream;

  constructor(options: LoggerOptions) {
    const destination = options.destination ?? standardOutput();
    this.#destination = options.format === 'human' ? humanStream(destination) : destination;
    this.#pino = pino(
      { level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime, messageKey: 'event' },
      this.#destination,
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

  /**
   * The line of a served request. Written by hand: it is written ten thousand times a second, and every value is known to need neither
   * redaction nor escaping (ids, a checked request id, a method, numbers; the route is encoded once).
   */
  request(served: ServedRequest): void {
    if (!this.#pino.isLevelEnabled('info')) return;
    const { requestId, method, route, status, ms, appId, envId, userId } = served;
    const tenant = appId === undefined ? '' : `,"app_id":"${appId}","env_id":"${envId ?? ''}"`;
    const user = userId === undefined ? '' : `,"user_id":"${userId}"`;
    this.#destination.write(
      `{"level":30,"time":"${isoNow()}","request_id":"${requestId}","method":"${method}","route":${encoded(route)},"status":${status},"ms":${ms}${tenant}${user},"event":"request"}\n`,
    );
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

const BUFFERED_BYTES = 16_000;
const FLUSH_MS = 200;

/** Lines are written some at a time: a system call per request costs more than the line. At exit the rest is written. */
function standardOutput(): DestinationStream {
  const destination = pino.destination({ fd: 1, sync: false, minLength: BUFFERED_BYTES });
  setInterval(() => destination.flush(), FLUSH_MS).unref();
  return destination;
}

let lastMs = 0;
let lastIso = '';

/** The wall clock, for people who read logs: formatted once a millisecond. */
function isoNow(): string {
  const ms = Date.now();
  if (ms !== lastMs) {
    lastMs = ms;
    lastIso = new Date(ms).toISOString();
  }
  return lastIso;
}

const encodings = new Map<string, string>();

/** Routes are few; each is encoded once. */
function encoded(route: string): string {
  let text = encodings.get(route);
  if (text === undefined) {
    text = JSON.stringify(route);
    encodings.set(route, text);
  }
  return text;
}
