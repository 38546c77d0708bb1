import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AuthenticationStrategy } from '../http/authentication/authentication-strategies.js';
import { clientInfoOf } from '../http/params/client-info.decorator.js';
import type { UserPrincipal } from '../kernel/context/principal.js';
import { AccessJwts, speaksOf } from './access-jwt.js';
import { SessionAuthenticator } from './session-authenticator.js';
import { OPAQUE_TOKEN } from './session-tokens.js';

const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Opaque access tokens, in the Authorization header or the session cookie. */
@Injectable()
export class SessionTokenStrategy extends AuthenticationStrategy {
  readonly name = 'session';

  constructor(private readonly sessions: SessionAuthenticator) {
    super();
  }

  authenticate(request: FastifyRequest): void {
    const { verdict } = this;
    const token = request.authsome.credential?.value;
    if (token === undefined || !OPAQUE_TOKEN.test(token)) return verdict.pass();
    const decide = (principal: UserPrincipal | undefined): void => {
      if (principal === undefined) verdict.fail();
      else verdict.success(principal);
    };
    const principal = this.sessions.authenticate(token, () => clientInfoOf(request));
    if (principal instanceof Promise) principal.then(decide, verdict.error);
    else decide(principal);
  }
}

/** JWT access tokens: the signature first, then the session behind it. */
@Injectable()
export class JwtStrategy extends AuthenticationStrategy {
  readonly name = 'jwt';

  constructor(
    private readonly jwts: AccessJwts,
    private readonly sessions: SessionAuthenticator,
  ) {
    super();
  }

  authenticate(request: FastifyRequest): void {
    const { verdict } = this;
    const token = request.authsome.credential?.value;
    if (token === undefined || !JWT.test(token)) return verdict.pass();
    this.check(token, request).then((principal) => {
      if (principal === undefined) verdict.fail();
      else verdict.success(principal);
    }, verdict.error);
  }

  private async check(token: string, request: FastifyRequest) {
    const claims = await this.jwts.verify(token);
    if (claims === undefined) return undefined;
    const principal = await this.sessions.authenticate(claims.jti, () => clientInfoOf(request));
    if (principal === undefined) return undefined;
    const { sessionId: id, userId, scope } = principal;
    return speaksOf(claims, { id, userId, appId: scope.appId }) ? principal : undefined;
  }
}
