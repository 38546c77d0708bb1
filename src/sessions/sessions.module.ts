import { Module, type OnModuleInit } from '@nestjs/common';
import { DevicesModule } from '../devices/devices.module.js';
import { EnvironmentsModule } from '../environments/environments.module.js';
import { AuthenticationStrategies } from '../http/authentication/authentication-strategies.js';
import { UsersModule } from '../users/users.module.js';
import { AccessJwts } from './access-jwt.js';
import { AdminSessionsController } from './admin-sessions.controller.js';
import { JwksController } from './jwks.controller.js';
import { SessionActivity } from './session-activity.js';
import { SessionAuthenticator } from './session-authenticator.js';
import { SessionCache } from './session-cache.js';
import { SessionEndings } from './session-endings.js';
import { SessionHousekeeping } from './session-housekeeping.js';
import { SessionIssuer } from './session-issuer.js';
import { SessionReply } from './session-reply.js';
import { SessionTokens } from './session-tokens.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsRepository } from './sessions.repository.js';
import { SessionsService } from './sessions.service.js';
import { SessionsSystemRepository } from './sessions.system-repository.js';
import { SignInGates } from './sign-in-gates.js';
import { SigningKeys } from './signing-keys.js';
import { SigningKeysSystemRepository } from './signing-keys.system-repository.js';
import { JwtStrategy, SessionTokenStrategy } from './strategies.js';
import { TokenIntrospector } from './token-introspector.js';
import { TokenIssuer } from './token-issuer.js';
import { TokenRefresher } from './token-refresher.js';
import { TokensController } from './tokens.controller.js';

@Module({
  imports: [EnvironmentsModule, UsersModule, DevicesModule],
  controllers: [TokensController, SessionsController, AdminSessionsController, JwksController],
  providers: [
    SessionsService,
    SessionsRepository,
    SessionsSystemRepository,
    SessionTokens,
    SessionCache,
    SessionActivity,
    SessionAuthenticator,
    SessionEndings,
    SessionIssuer,
    SessionReply,
    SessionHousekeeping,
    SignInGates,
    SigningKeys,
    SigningKeysSystemRepository,
    AccessJwts,
    TokenIssuer,
    TokenRefresher,
    TokenIntrospector,
    SessionTokenStrategy,
    JwtStrategy,
  ],
  exports: [SessionsService, SessionIssuer, SessionReply, SignInGates, SigningKeys, TokenRefresher],
})
export class SessionsModule implements OnModuleInit {
  constructor(
    private readonly strategies: AuthenticationStrategies,
    private readonly opaque: SessionTokenStrategy,
    private readonly jwt: JwtStrategy,
  ) {}

  onModuleInit(): void {
    this.strategies.use(this.opaque);
    this.strategies.use(this.jwt);
  }
}
