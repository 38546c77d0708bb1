import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../config/config.js';
import {
  clearCookie,
  DEVICE_COOKIE,
  REFRESH_COOKIE,
  SESSION_COOKIE,
  setCookie,
} from '../http/authentication/session-cookie.js';
import { answersInCookies, wantsCookies } from '../http/request-state.js';
import { Clock } from '../kernel/clock/clock.js';
import { toUserResponse } from '../users/dto/user.response.js';
import type { SignedInResponse, TokensResponse } from './dto/tokens.response.js';
import type { IssuedSession } from './session-issuer.js';
import type { IssuedTokens } from './token-issuer.js';

/** A device keeps recognising itself for as long as browsers keep a cookie at most. */
const DEVICE_COOKIE_MS = 400 * 86_400_000;

/** Hands tokens over: in the body, or in cookies that no script can read when the client asks for them — never in both (R316). */
@Injectable()
export class SessionReply {
  constructor(
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  signedIn(request: FastifyRequest, reply: FastifyReply, issued: IssuedSession): SignedInResponse {
    const { user, tokens, deviceToken } = issued;
    const body = { user: toUserResponse(user), ...this.tokens(request, reply, tokens) };
    if (deviceToken === undefined) return body;
    if (!answersInCookies(request)) return { ...body, device_token: deviceToken };
    setCookie(reply, DEVICE_COOKIE, deviceToken, this.clock.in(DEVICE_COOKIE_MS), this.config.http.cookieSameSite);
    return body;
  }

  tokens(
    request: FastifyRequest,
    reply: FastifyReply,
    tokens: IssuedTokens,
    inCookies = answersInCookies(request),
  ): TokensResponse {
    const times = {
      expires_at: tokens.expiresAt.toISOString(),
      refresh_token_expires_at: tokens.refreshTokenExpiresAt.toISOString(),
    };
    if (!inCookies) {
      return { session_token: tokens.accessToken, refresh_token: tokens.refreshToken, ...times };
    }
    const { cookieSameSite } = this.config.http;
    // The access token's cookie outlives the token: an expired one must still reach the service to be told apart from none.
    setCookie(reply, SESSION_COOKIE, tokens.accessToken, tokens.refreshTokenExpiresAt, cookieSameSite);
    setCookie(reply, REFRESH_COOKIE, tokens.refreshToken, tokens.refreshTokenExpiresAt, cookieSameSite);
    return times;
  }

  /** Takes the session's cookies away; the device stays known (R323). */
  signedOut(request: FastifyRequest, reply: FastifyReply): void {
    if (request.headers.cookie === undefined && !wantsCookies(request)) return;
    clearCookie(reply, SESSION_COOKIE, this.config.http.cookieSameSite);
    clearCookie(reply, REFRESH_COOKIE, this.config.http.cookieSameSite);
    reply.header('clear-site-data', '"cache", "storage"');
  }
}
