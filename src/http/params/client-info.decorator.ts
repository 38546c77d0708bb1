import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { ClientInfo } from '../../kernel/context/client-info.js';
import { DEVICE_COOKIE, readCookie } from '../authentication/session-cookie.js';

const LONGEST_USER_AGENT = 512;
const TOKEN = /^[0-9a-f]{64}$/;
const FINGERPRINT = /^[\x21-\x7e]{8,128}$/;

export function clientInfoOf(request: FastifyRequest): ClientInfo {
  const { ipAddress, userAgent } = request.authsome;
  const header = request.headers['x-device-token'];
  const token = typeof header === 'string' ? header : readCookie(request, DEVICE_COOKIE);
  const fingerprint = request.headers['x-device-fingerprint'];
  return {
    ipAddress,
    userAgent: userAgent?.slice(0, LONGEST_USER_AGENT),
    deviceToken: token !== undefined && TOKEN.test(token) ? token : undefined,
    fingerprint: typeof fingerprint === 'string' && FINGERPRINT.test(fingerprint) ? fingerprint : undefined,
  };
}

/** Address, agent, device token and fingerprint of the client. */
export const Client = createParamDecorator((_: unknown, context: ExecutionContext): ClientInfo =>
  clientInfoOf(context.switchToHttp().getRequest<FastifyRequest>()),
);
