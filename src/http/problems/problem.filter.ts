import { type ArgumentsHost, Catch, type ExceptionFilter, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DomainError } from '../../kernel/errors/problem.js';
import { Logger } from '../../kernel/logging/logger.js';
import { Replay, type StoredAnswer } from '../idempotency/idempotency.js';
import { problemDocument, toDomainError } from './problem-document.js';

export const PROBLEM_TYPE = 'application/problem+json';

/** The one place where a failure becomes an answer. Unexpected failures are logged whole and answered with one fixed sentence. */
@Catch()
@Injectable()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    if (thrown instanceof Replay) sendAgain(thrown.answer, reply);
    else this.send(toDomainError(thrown), http.getRequest<FastifyRequest>(), reply);
  }

  private send(error: DomainError, request: FastifyRequest, reply: FastifyReply): void {
    const requestId = request.authsome.requestId;
    const body = problemDocument(error, requestId);
    if (error.kind === 'internal') this.logger.error('request.failed', { request_id: requestId, error: error.cause });
    else if (error.cause !== undefined)
      this.logger.debug('request.refused', { request_id: requestId, error: error.cause });
    const retryAfter = error.extras.retry_after;
    if (typeof retryAfter === 'number') reply.header('retry-after', String(retryAfter));
    const challenge = challengeOf(error);
    if (challenge !== undefined) reply.header('www-authenticate', challenge);
    void reply.code(body.status).type(PROBLEM_TYPE).send(JSON.stringify(body));
  }
}

/** RFC 6750 §3: what a caller would have to bring. */
function challengeOf({ kind, code, extras }: DomainError): string | undefined {
  if (kind === 'unauthenticated') return 'Bearer';
  if (code !== 'insufficient_scope') return undefined;
  return `Bearer error="insufficient_scope", scope="${(extras.required as string[]).join(' ')}"`;
}

function sendAgain(answer: StoredAnswer, reply: FastifyReply): void {
  void reply.code(answer.status).headers(answer.headers).header('idempotency-replayed', 'true').send(answer.body);
}
