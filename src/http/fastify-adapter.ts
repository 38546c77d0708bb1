import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config/config.js';
import {
  BodyTooLarge,
  HeadersTooLarge,
  MalformedBody,
  MalformedUrl,
  MethodNotAllowed,
} from '../kernel/errors/common-problems.js';
import type { DomainError } from '../kernel/errors/problem.js';
import { addCloudEventParsers } from './body/cloud-events-body.js';
import { keepRawBody } from './body/raw-body.js';
import { addTableParsers } from './body/table-body.js';
import { JsonRefused, parseStrictJson } from './body/strict-json.js';
import { problemDocument } from './problems/problem-document.js';
import { PROBLEM_TYPE } from './problems/problem.filter.js';
import { securityHeaders } from './security/security-headers.js';
import { endSilentConnections } from './silent-connections.js';

const MOST_HEADER_BYTES = 16_384;
const LONGEST_PARAMETER = 200;
const KEEP_ALIVE_MS = 65_000;

/**
 * Fastify with the limits of the bar: header and body sizes, slow clients (R325, R333), and one JSON parser that refuses what it does not
 * understand. Routes are matched exactly as written: no case folding, no trailing or doubled slashes, no semicolons (R165, R331).
 */
export function createFastifyAdapter(config: Config): FastifyAdapter {
  const headers = securityHeaders(config);
  const adapter = new FastifyAdapter({
    logger: false,
    bodyLimit: config.http.bodyLimitBytes,
    requestTimeout: config.http.requestTimeoutMs,
    connectionTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: {
      maxParamLength: LONGEST_PARAMETER,
      caseSensitive: true,
      ignoreTrailingSlash: false,
      ignoreDuplicateSlashes: false,
    },
    http: {
      maxHeaderSize: MOST_HEADER_BYTES,
      headersTimeout: config.http.requestTimeoutMs,
      connectionsCheckingInterval: 1_000,
      requireHostHeader: true,
    },
    clientErrorHandler: unparsable(headers),
    frameworkErrors: unroutable(headers),
  });
  const fastify = adapter.getInstance<FastifyInstance>();
  endSilentConnections(fastify);
  // Node hands a tunnel's socket over instead of a request: this is no proxy (R324).
  fastify.server.on('connect', (_request, socket) => answerOn(socket, new MethodNotAllowed(), headers));
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    keepRawBody(request, body as Buffer);
    try {
      done(null, (body as Buffer).length === 0 ? undefined : parseStrictJson(body as Buffer));
    } catch (error) {
      done(error instanceof JsonRefused ? new MalformedBody({ detail: error.message }) : (error as Error));
    }
  });
  addTableParsers(fastify);
  addCloudEventParsers(fastify);
  return adapter;
}

/** A path that cannot be decoded has no route, so no hook of ours has seen it. */
function unroutable(headers: Record<string, string>) {
  return (_error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void => {
    const document = problemDocument(new MalformedUrl(), 'none');
    void reply.code(document.status).headers(headers).type(PROBLEM_TYPE).send(JSON.stringify(document));
  };
}

/** What the HTTP parser itself refuses never reaches a handler; it is answered here, on the bare socket, and the connection closes. */
function unparsable(headers: Record<string, string>) {
  return (error: { readonly code: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
    else answerOn(socket, clientProblem(error.code), headers);
  };
}

function answerOn(socket: Duplex, problem: DomainError, headers: Record<string, string>): void {
  const document = problemDocument(problem, 'none');
  const body = JSON.stringify(document);
  socket.end(
    [
      `HTTP/1.1 ${document.status} ${problem.definition.title}`,
      'Connection: close',
      `Content-Type: ${PROBLEM_TYPE}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      '',
      body,
    ].join('\r\n'),
  );
}

function clientProblem(code: string): DomainError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new HeadersTooLarge();
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new BodyTooLarge();
    default:
      return new MalformedBody({ detail: 'the request is not valid HTTP/1.1, or took too long to arrive' });
  }
}
