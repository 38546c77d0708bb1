import { describe, expect, it } from '@jest/globals';
import * as authsome from '../../src/index.js';
import * as testing from '../../src/testing/index.js';

/** A name that goes is a breaking change; a name that comes is a promise. Types are checked by the compiler where they are used. */
describe('what the package exports', () => {
  it('authsome', () => {
    expect(Object.keys(authsome).sort()).toEqual([
      'ApiProblems',
      'AppModule',
      'AuditTrail',
      'AuthenticationStrategies',
      'AuthenticationStrategy',
      'Caller',
      'Client',
      'Clock',
      'Config',
      'ConfigError',
      'Database',
      'DeliveryFailed',
      'DomainError',
      'Events',
      'FEATURES',
      'Hooks',
      'IdGenerator',
      'IdPipe',
      'JobRunner',
      'Jobs',
      'KEY_MANAGER',
      'KeyManagerNotAvailable',
      'LEDGER',
      'Logger',
      'METERS',
      'Mailer',
      'Memberships',
      'OptionalCaller',
      'OptionalTenant',
      'PasswordHasher',
      'Public',
      'RequireFreshSession',
      'RequireOperator',
      'RequirePlatformOwner',
      'RequireSession',
      'SYSTEM_ACTOR',
      'Secret',
      'SessionIssuer',
      'SessionsModule',
      'SessionsService',
      'SignInGates',
      'Starter',
      'TargetApp',
      'Tenant',
      'UsersModule',
      'UsersService',
      'createApp',
      'defineProblem',
      'describeEvents',
      'eventCatalogue',
      'isDescribed',
      'isId',
      'loadConfig',
      'parseId',
      'problemCatalogue',
      'scopeTo',
      'withValues',
    ]);
  });

  it('authsome/testing', () => {
    expect(Object.keys(testing).sort()).toEqual([
      'FakeClock',
      'contractCase',
      'mailerContract',
      'passwordHasherContract',
    ]);
  });
});
