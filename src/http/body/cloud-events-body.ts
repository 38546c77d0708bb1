import type { FastifyInstance } from 'fastify';
import { MalformedBody } from '../../kernel/errors/common-problems.js';
import { JsonRefused, parseStrictJson } from './strict-json.js';

const ONE = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';

/**
 * The JSON forms of CloudEvents 1.0 (structured mode, single and batched): both arrive as `{ events: [...] }`, as plain JSON says it too.
 */
export function addCloudEventParsers(fastify: FastifyInstance): void {
  for (const type of [ONE, BATCH]) {
    fastify.addContentTypeParser(type, { parseAs: 'buffer' }, (_request, body, done) => {
      try {
        const parsed = parseStrictJson(body as Buffer);
        done(null, { events: type === ONE ? [parsed] : parsed });
      } catch (error) {
        done(error instanceof JsonRefused ? new MalformedBody({ detail: error.message }) : (error as Error));
      }
    });
  }
}
