import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config/config.js';
import { BodyTooLarge, HeadersTooLarge, MalformedBody } from '../kernel/errors/common-problems.js';
import type { DomainError } from '../kernel/errors/problem.js';
import { JsonRefused, parseStrictJson } from './body/strict-json.js';
import { problemDocument } from './problems/problem-document.js';
import { PROBLEM_TYPE } from './problems/problem.filter.js';

const MOST_HEADER_BYTES = 16_384;
const LONGEST_PARAMETER = 200;
const KEEP_ALIVE_MS = 65_000;

/**
 * Fastify with the limits of the bar: header and body sizes, slow clients (R325, R333), and one JSON parser that refuses what it does not
 * understand. Routes are matched exactly as written: no case folding, no trailing or doubled slashes, no semicolons (R165, R331).
 */
export function createFastifyAdapter(config: Config): FastifyAdapter {
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
    clientErrorHandler: answerClientError,
  });
  const fastify = adapter.getInstance<FastifyInstance>();
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, (body as Buffer).length === 0 ? undefined : parseStrictJson(body as Buffer));
    } catch (error) {
      done(error instanceof JsonRefused ? new MalformedBody({ detail: error.message }) : (error as Error));
    }
  });
  return adapter;
}

/** What the HTTP parser itself refuses never reaches a handler; it is answered here, on the bare socket, and the connection closes. */
function answerClientError(error: { readonly code: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = clientProblem(error.code);
  const document = problemDocument(problem, 'none');
  const body = JSON.stringify(document);
  socket.end(
    [
      `HTTP/1.1 ${document.status} ${problem.definition.title}`,
      'Connection: close',
      `Content-Type: ${PROBLEM_TYPE}`,
      'X-Content-Type-Options: nosniff',
      'Cache-Control: no-store',
      `Content-Length: ${Buffer.byteLength(body)}`,
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
