import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config/config.js';
import { requestContext } from '../kernel/context/request-context.js';
import { HeadersTooLarge, InternalError, UnsupportedMedia } from '../kernel/errors/common-problems.js';
import type { Logger } from '../kernel/logging/logger.js';
import type { HttpMetrics } from './http-metrics.js';
import { isTable, takesTables } from './body/table-body.js';
import { etagOf } from './etag.js';
import type { Idempotency } from './idempotency/idempotency.js';
import { problemDocument, toDomainError } from './problems/problem-document.js';
import { PROBLEM_TYPE } from './problems/problem.filter.js';
import type { Readiness } from './readiness.js';
import { RequestState, TRANSPORT_HEADER } from './request-state.js';
import type { ClientAddresses } from './security/client-address.js';
import { securityHeaders } from './security/security-headers.js';
import type { TenantDirectory } from './tenancy/tenant-directory.js';
import { ENVIRONMENT_HEADER, PUBLISHABLE_KEY_HEADER } from './tenancy/tenant-resolver.js';

export interface EdgeDependencies {
  readonly config: Config;
  readonly logger: Logger;
  readonly metrics: HttpMetrics;
  readonly addresses: ClientAddresses;
  readonly directory: TenantDirectory;
  readonly idempotency: Idempotency;
  readonly readiness: Readiness;
}

const REQUEST_ID = /^[\w.:-]{8,128}$/;
const MOST_HEADER_LINES = 100;

/** Everything that happens to every request, whatever its route. */
export function registerEdgeHooks(fastify: FastifyInstance, edge: EdgeDependencies): void {
  const headers = securityHeaders(edge.config);
  fastify.decorateRequest('authsome');

  fastify.addHook('onRequest', (request, reply, done) => {
    const given = request.headers['x-request-id'];
    const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    request.authsome = new RequestState(requestId, edge.addresses.of(request.raw), request.headers['user-agent']);
    reply.headers(headers);
    reply.header('x-request-id', requestId);
    done(refusedHeaders(request));
  });

  fastify.addHook('onRequest', (request, reply, done) => {
    if (request.headers.origin === undefined) done();
    else answerOrigin(request, reply, edge).then((answered) => (answered ? undefined : done()), done);
  });

  // The body is read outside the request's async context, so the context starts when the body is there.
  fastify.addHook('preHandler', (request, _reply, done) => {
    requestContext.run(request.authsome, done);
  });

  fastify.addHook('preSerialization', (_request, reply, payload, done) => {
    const etag = etagOf(payload);
    if (etag !== undefined) reply.header('etag', etag);
    done(null, payload);
  });

  fastify.addHook('onSend', (request, reply, payload, done) => {
    hideFromForeignOrigin(request, reply);
    const send = (body: unknown): void => {
      // A connection that its client keeps holds up the shutdown, also when the request came before it began (F15).
      if (edge.readiness.state === 'stopping') reply.header('connection', 'close');
      done(null, body);
    };
    if (request.authsome.idempotent === undefined) send(notModified(request, reply) ? '' : payload);
    else settle(request, reply, payload, edge).then(send, done);
  });

  fastify.addHook('onResponse', (request, reply, done) => {
    account(request, reply, edge);
    done();
  });
}

function refusedHeaders(request: FastifyRequest): Error | undefined {
  if (request.raw.rawHeaders.length / 2 > MOST_HEADER_LINES) {
    return new HeadersTooLarge({ detail: `send at most ${MOST_HEADER_LINES} headers` });
  }
  const encoding = request.headers['content-encoding'];
  // Compressed bodies are not read: a few bytes could become gigabytes (R328).
  if (encoding !== undefined && encoding !== 'identity') return new UnsupportedMedia();
  return isTable(request) && !takesTables(request) ? new UnsupportedMedia() : undefined;
}

const ALLOWED_METHODS = 'GET, POST, PUT, PATCH, DELETE';
const ALLOWED_HEADERS = [
  'authorization',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-none-match',
  'x-request-id',
  'x-device-token',
  'x-device-fingerprint',
  TRANSPORT_HEADER,
  PUBLISHABLE_KEY_HEADER,
  ENVIRONMENT_HEADER,
].join(', ');
const EXPOSED_HEADERS = 'ETag, Idempotency-Replayed, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id';

/**
 * CORS. A preflight names no tenant, so it is answered when any environment allows the origin; the request that follows is checked against
 * its own environment ({@link hideFromForeignOrigin} and the guard). Never `*`, never an origin that no list holds (R317).
 * @returns whether the request is answered with this.
 */
async function answerOrigin(request: FastifyRequest, reply: FastifyReply, edge: EdgeDependencies): Promise<boolean> {
  const { origin } = request.headers;
  reply.header('vary', 'Origin');
  const preflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
  if (origin !== undefined && (await edge.directory.allOrigins()).allows(origin)) {
    reply.headers({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': EXPOSED_HEADERS,
    });
    if (preflight) {
      reply.headers({
        'access-control-allow-methods': ALLOWED_METHODS,
        'access-control-allow-headers': ALLOWED_HEADERS,
        'access-control-max-age': '600',
      });
    }
  }
  if (preflight) void reply.code(204).send();
  return preflight;
}

/** Once the environment is known, an origin that only other environments allow does not see the answer. */
function hideFromForeignOrigin(request: FastifyRequest, reply: FastifyReply): void {
  const { origin } = request.headers;
  const { tenant } = request.authsome;
  if (origin === undefined || tenant === undefined || tenant.origins.allows(origin)) return;
  reply.removeHeader('access-control-allow-origin');
  reply.removeHeader('access-control-allow-credentials');
}

function notModified(request: FastifyRequest, reply: FastifyReply): boolean {
  const known = request.headers['if-none-match'];
  if (known === undefined || request.method !== 'GET' || reply.statusCode !== 200) return false;
  const etag = reply.getHeader('etag');
  if (etag === undefined || !known.split(',').some((entry) => entry.trim().replace(/^W\//, '') === etag)) return false;
  reply.code(304);
  return true;
}

/** Commits an idempotent request with its answer, or gives its key back after a refusal. What cannot be committed did not happen. */
async function settle(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  { idempotency, logger }: EdgeDependencies,
): Promise<unknown> {
  const { idempotent, requestId } = request.authsome;
  if (idempotent === undefined) return payload;
  request.authsome.idempotent = undefined;
  try {
    if (reply.statusCode < 400) await idempotency.finish(idempotent, reply, typeof payload === 'string' ? payload : '');
    else await idempotency.release(idempotent);
    return payload;
  } catch (error) {
    await idempotent.unit.dispose();
    const problem = toDomainError(error);
    if (problem.definition === InternalError.definition)
      logger.error('request.failed', { request_id: requestId, error });
    const body = problemDocument(problem, requestId);
    reply.removeHeader('set-cookie');
    reply.removeHeader('etag');
    reply.code(body.status).type(PROBLEM_TYPE).removeHeader('content-length');
    return JSON.stringify(body);
  }
}

/** One line and one measurement per request. The route is named by its pattern: a URL may hold what must not be logged. */
function account(request: FastifyRequest, reply: FastifyReply, { logger, metrics }: EdgeDependencies): void {
  const { requestId, startedAt, principal, tenant } = request.authsome;
  const ms = performance.now() - startedAt;
  const route = request.routeOptions.url ?? 'unmatched';
  metrics.observe(request.method, route, reply.statusCode, ms / 1_000);
  logger.request({
    requestId,
    method: request.method,
    route,
    status: reply.statusCode,
    ms: Math.round(ms * 10) / 10,
    appId: tenant?.scope.appId,
    envId: tenant?.scope.envId,
    userId: principal.kind === 'user' ? principal.userId : undefined,
  });
}
