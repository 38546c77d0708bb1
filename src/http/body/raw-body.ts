import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';

/** Kept beside the request and not on it: gone with it, and out of the reach of whatever logs or copies requests. */
const bodies = new WeakMap<FastifyRequest, Buffer>();

/** The bytes of a JSON body stay readable beside what they mean: for callers who sign them. */
export const KeepsRawBody = () => RouteConfig({ keepsRawBody: true });

export function keepRawBody(request: FastifyRequest, body: Buffer): void {
  if ((request.routeOptions.config as { keepsRawBody?: boolean }).keepsRawBody === true) bodies.set(request, body);
}

/** @returns undefined where none came, and on routes without {@link KeepsRawBody}. */
export function rawBodyOf(request: FastifyRequest): Buffer | undefined {
  return bodies.get(request);
}
