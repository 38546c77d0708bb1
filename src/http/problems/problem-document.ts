import { HttpException } from '@nestjs/common';
import {
  BodyTooLarge,
  HeadersTooLarge,
  InternalError,
  MalformedBody,
  MethodNotAllowed,
  ResourceNotFound,
  ServiceUnavailable,
  UnsupportedMedia,
} from '../../kernel/errors/common-problems.js';
import { DomainError, type ProblemClass, type ProblemKind } from '../../kernel/errors/problem.js';
import { translateDatabaseError } from '../../kernel/persistence/database-errors.js';

export const PROBLEM_STATUS: Readonly<Record<ProblemKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  precondition_failed: 412,
  too_large: 413,
  unsupported_media: 415,
  unprocessable: 422,
  rate_limited: 429,
  headers_too_large: 431,
  internal: 500,
  unavailable: 503,
};

/**
 * One body that satisfies RFC 9457 and Authsome clients: `error` repeats `detail` and `code` repeats `status`, as the Go server
 * writes them.
 */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly request_id: string;
  readonly error: string;
  readonly code: number;
  readonly [extra: string]: unknown;
}

export function problemDocument(error: DomainError, requestId: string): ProblemDocument {
  const status = PROBLEM_STATUS[error.kind];
  return {
    ...error.extras,
    type: error.code,
    title: error.definition.title,
    status,
    detail: error.message,
    request_id: requestId,
    error: error.message,
    code: status,
  };
}

/** What the framework itself refuses, by its status. */
const FRAMEWORK: Readonly<Record<number, ProblemClass>> = {
  400: MalformedBody,
  405: MethodNotAllowed,
  413: BodyTooLarge,
  415: UnsupportedMedia,
  431: HeadersTooLarge,
  503: ServiceUnavailable,
};

/** Turns whatever was thrown into a problem. What is not expected becomes a bare internal error with a private cause. */
export function toDomainError(thrown: unknown): DomainError {
  const error = translateDatabaseError(thrown);
  if (error instanceof DomainError) return error;
  const status = frameworkStatus(error);
  // Nest's words for an unknown path repeat the URL, which may hold a secret that was sent to the wrong place (R301).
  if (status === 404) return new ResourceNotFound();
  const problem = status === undefined ? undefined : FRAMEWORK[status];
  return problem === undefined ? new InternalError({ cause: thrown }) : new problem({ cause: thrown });
}

function frameworkStatus(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number') return error.statusCode;
  return undefined;
}
