import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public, RequireSession } from '../http/access/access.js';
import { AuthenticationRequired } from '../http/access/access.problems.js';
import { readCookie, REFRESH_COOKIE } from '../http/authentication/session-cookie.js';
import { Caller, OptionalTenant } from '../http/params/caller.decorators.js';
import { Client } from '../http/params/client-info.decorator.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { RateLimit } from '../http/rate-limit/rate-limit.decorator.js';
import { wantsCookies } from '../http/request-state.js';
import { status, StatusResponse } from '../http/responses/status.response.js';
import type { ClientInfo } from '../kernel/context/client-info.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import type { EnvScope } from '../kernel/context/scope.js';
import { IntrospectRequest, IntrospectResponse } from './dto/introspect.dto.js';
import { RefreshRequest } from './dto/refresh.request.js';
import { TokensResponse } from './dto/tokens.response.js';
import { SessionReply } from './session-reply.js';
import { InvalidCredentials, RefreshTokenRequired } from './sessions.problems.js';
import { SessionsService } from './sessions.service.js';
import { TokenIntrospector } from './token-introspector.js';
import { TokenRefresher } from './token-refresher.js';

@ApiTags('Authentication')
@Controller('v1')
export class TokensController {
  constructor(
    private readonly refresher: TokenRefresher,
    private readonly introspector: TokenIntrospector,
    private readonly sessions: SessionsService,
    private readonly reply: SessionReply,
  ) {}

  @Post('refresh')
  @HttpCode(200)
  @Public({ tenant: 'optional' })
  @RateLimit('refreshPerIp')
  @ApiOperation({
    operationId: 'refreshTokens',
    summary: 'Exchange a refresh token for its successor',
    description:
      'Both tokens are replaced. Within a few seconds a repeat gets the same successor, so a lost answer does no harm; later, a token that was already exchanged ends its whole session.',
  })
  @ApiOkResponse({ type: TokensResponse })
  @ApiProblems(InvalidCredentials, RefreshTokenRequired, AuthenticationRequired)
  async refresh(
    @Body() body: RefreshRequest,
    @OptionalTenant() named: EnvScope | undefined,
    @Client() client: ClientInfo,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokensResponse> {
    const inBody = body.refresh_token || undefined;
    const token = inBody ?? readCookie(request, REFRESH_COOKIE);
    if (token === undefined) throw new RefreshTokenRequired();
    const tokens = await this.refresher.refresh(token, client, named);
    return this.reply.tokens(request, reply, tokens, inBody === undefined || wantsCookies(request));
  }

  @Post('signout')
  @HttpCode(200)
  @RequireSession({ impersonators: true, formerMembers: true })
  @ApiOperation({ operationId: 'signOut', summary: 'End the session' })
  @ApiOkResponse({ type: StatusResponse })
  async signOut(
    @Caller() caller: UserPrincipal,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StatusResponse> {
    await this.sessions.signOut(caller.scope, caller.userId, caller.sessionId, actorOf(caller));
    this.reply.signedOut(request, reply);
    return status('signed out');
  }

  @Post('introspect')
  @HttpCode(200)
  @Public({ tenant: 'optional' })
  @RateLimit('introspectionPerIp')
  @ApiOperation({
    operationId: 'introspectToken',
    summary: 'Tell whether an access token or an API key is in force, and whose it is',
    description:
      'Always looks at the session behind the token, whatever its form. With a publishable key, tokens of other environments are inactive. Of an API key it is a use, at no cost of credits.',
  })
  @ApiOkResponse({ type: IntrospectResponse })
  introspect(
    @Body() { token }: IntrospectRequest,
    @OptionalTenant() named: EnvScope | undefined,
  ): Promise<IntrospectResponse> {
    return this.introspector.introspect(token, named);
  }
}
