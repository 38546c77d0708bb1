import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { defineProblem } from '../kernel/errors/problem.js';

export const PreconditionFailed = defineProblem({
  code: 'precondition_failed',
  kind: 'precondition_failed',
  title: 'The resource has changed',
  detail: 'read it again and repeat the change with its new ETag in If-Match',
});

const ETAG = Symbol('etag');

/**
 * Marks a representation with the version of the row it shows; the edge sends it as ETag and answers If-None-Match with 304.
 * The mark is invisible to JSON.
 */
export function versioned<T extends object>(representation: T, version: number): T {
  Object.defineProperty(representation, ETAG, { value: `"${version}"`, enumerable: false });
  return representation;
}

export function etagOf(payload: unknown): string | undefined {
  if (typeof payload !== 'object' || payload === null || !(ETAG in payload)) return undefined;
  return payload[ETAG] as string;
}

/**
 * The version that If-Match demands (RFC 9110 §13.1.1), or undefined when any will do.
 * @throws PreconditionFailed for a value that no ETag of this service can equal.
 */
export const IfMatch = createParamDecorator((_: unknown, context: ExecutionContext): number | undefined => {
  const raw = context.switchToHttp().getRequest<FastifyRequest>().headers['if-match'];
  if (raw === undefined || raw.trim() === '*') return undefined;
  const version = /^"(\d{1,9})"$/.exec(raw.trim())?.[1];
  if (version === undefined) throw new PreconditionFailed();
  return Number(version);
});
