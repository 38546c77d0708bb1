import { ServiceUnavailable } from '../errors/common-problems.js';
import { DomainError } from '../errors/problem.js';

interface DriverError {
  readonly code?: unknown;
  readonly constraint?: unknown;
}

function driverError(error: unknown): DriverError | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  return 'driverError' in error ? (error.driverError as DriverError) : (error as DriverError);
}

export function sqlState(error: unknown): string | undefined {
  const code = driverError(error)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** The name of the violated constraint: the only thing a repository may decide by, never the message. */
export function violatedConstraint(error: unknown): string | undefined {
  const constraint = driverError(error)?.constraint;
  return typeof constraint === 'string' ? constraint : undefined;
}

/** Deadlock or serialization failure: the whole transaction may be tried again. */
export function isRetryable(error: unknown): boolean {
  const state = sqlState(error);
  return state === '40001' || state === '40P01';
}

/** The connection is gone, refused or exhausted, or the server is shutting down, read-only or out of space or time. */
const UNAVAILABLE_STATES = new Set([
  '25006', // read-only transaction: a standby, or a failover under way
  '40001',
  '40P01',
  '53100', // disk full
  '53200', // out of memory
  '53300', // too many connections
  '55P03', // lock timeout
  '57014', // statement timeout
  '57P01', // administrator ended the connection
  '57P02',
  '57P03', // starting up or shutting down
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN', // the resolver is not up yet: a container that starts before its network
  'ENOENT',
]);

/** What the driver says without a code: a connection that broke or never came, or a server that has stopped answering. */
const CONNECTION_MESSAGES =
  /connection terminated|query read timeout|timeout exceeded when trying to connect|connection ended|after calling end on the pool|not queryable|server conn crashed/i;

export function isUnavailable(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined && (UNAVAILABLE_STATES.has(state) || state.startsWith('08'))) return true;
  return error instanceof Error && CONNECTION_MESSAGES.test(error.message);
}

/** A driver failure that is not ours to explain becomes 503 when trying again can help; everything else passes as it is. */
export function translateDatabaseError(error: unknown): unknown {
  if (error instanceof DomainError || !isUnavailable(error)) return error;
  return new ServiceUnavailable({ extras: { retry_after: 1 }, cause: error });
}
