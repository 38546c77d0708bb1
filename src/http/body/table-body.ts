import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';

export const CSV = 'text/csv';
export const NDJSON = 'application/x-ndjson';

/** A table that arrived as text, and in which form. */
export class TableBody {
  constructor(
    readonly type: typeof CSV | typeof NDJSON,
    readonly text: string,
  ) {}
}

const MOST_TABLE_BYTES = 4 * 2 ** 20;

/** The route takes {@link TableBody}s (CSV, NDJSON) of up to 4 MiB; every other route refuses tables unread. */
export const TakesTables = () => RouteConfig({ takesTables: true });

export function takesTables(request: FastifyRequest): boolean {
  return (request.routeOptions.config as { takesTables?: boolean }).takesTables === true;
}

export function isTable(request: FastifyRequest): boolean {
  return /^(text\/csv|application\/x-ndjson)\b/i.test(request.headers['content-type'] ?? '');
}

export function addTableParsers(fastify: FastifyInstance): void {
  for (const type of [CSV, NDJSON] as const) {
    const options = { parseAs: 'string', bodyLimit: MOST_TABLE_BYTES } as const;
    fastify.addContentTypeParser(type, options, (_request, text, done) =>
      done(null, new TableBody(type, String(text))),
    );
  }
}
