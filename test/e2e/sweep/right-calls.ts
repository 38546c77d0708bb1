import { AppConfigsService } from '../../../src/apps/app-configs.service.js';
import { SYSTEM_ACTOR } from '../../../src/kernel/audit/audit-trail.js';
import { scopeTo } from '../../../src/kernel/context/scope.js';
import { OperatorsService } from '../../../src/operators/operators.service.js';
import { uniqueEmail } from '../../support/api-client.js';
import { tokenOf } from '../../support/recording-mailer.js';
import { TestApp } from '../../support/test-app.js';
import type { Operations, SweptOperation } from './operations.js';
import { type Call, type Stage, type StagedApp, type Target, UNLIMITED } from './stage.js';

export interface RightCall extends Call {
  /** Where to call; the stage's service unless the operation needs one in another state. */
  readonly on?: TestApp;
  /** Where the right caller is refused all the same, the documented refusal. */
  readonly refusal?: number;
}

type Fixture = (target: Target, stage: Stage) => Promise<Partial<RightCall>> | Partial<RightCall>;

const storedSessionConfig: Fixture = async ({ tenant }, { app }) => {
  const nothing = {
    tokenTtlSeconds: null,
    refreshTokenTtlSeconds: null,
    maxActiveSessions: null,
    rotateRefreshToken: null,
    bindToIp: null,
    bindToDevice: null,
    tokenFormat: null,
  };
  await app.get(AppConfigsService).putSessionConfig(scopeTo.app(tenant.scope.appId), nothing, SYSTEM_ACTOR);
  return {};
};

const storedClientConfig: Fixture = async ({ tenant }, { app }) => {
  const nothing = {
    signupEnabled: null,
    passwordEnabled: null,
    requireEmailVerification: null,
    appName: null,
    logoUrl: null,
  };
  await app.get(AppConfigsService).putClientConfig(scopeTo.app(tenant.scope.appId), nothing, SYSTEM_ACTOR);
  return {};
};

/** Asks for another address, and hands over the secret of the mail that follows. */
function emailChange(purpose: 'change_email' | 'email_change_notice'): Fixture {
  return async ({ person }, { app }) => {
    const email = uniqueEmail();
    await app.api.post('/v1/me/change-email', { token: person.token, body: { email } });
    await app.drain();
    return { body: { token: tokenOf(app.mailer.last(purpose === 'change_email' ? email : person.email, purpose)) } };
  };
}

/** What operations need beyond a well-formed call by the right caller. One that is not listed needs nothing more. */
const FIXTURES: Readonly<Record<string, Fixture>> = {
  adminCreateApp: () => ({ body: { name: 'Acme', slug: `app-${uniqueEmail().slice(7, 19)}` } }),
  createEnvironment: () => ({
    body: { name: 'Preview', slug: `env-${uniqueEmail().slice(7, 19)}`, type: 'development' },
  }),
  getAppSessionConfig: storedSessionConfig,
  deleteAppSessionConfig: storedSessionConfig,
  getAppClientConfig: storedClientConfig,
  deleteAppClientConfig: storedClientConfig,
  signUp: () => ({ body: { email: uniqueEmail(), password: 'correct horse battery staple' } }),
  signIn: ({ person }) => ({ body: { email: person.email, password: person.password } }),
  refreshTokens: ({ person }) => ({ body: { refresh_token: person.refreshToken } }),
  introspectToken: ({ person }) => ({ body: { token: person.token } }),
  reauthenticate: ({ person }) => ({ body: { password: person.password } }),
  changePassword: ({ person }) => ({
    body: { current_password: person.password, new_password: 'another long passphrase' },
  }),
  changeEmail: () => ({ body: { email: uniqueEmail() } }),
  confirmEmailChange: emailChange('change_email'),
  undoEmailChange: emailChange('email_change_notice'),
  verifyEmail: async ({ person }, { app }) => {
    await app.drain();
    return { body: { email: person.email, code: app.mailer.last(person.email, 'verify_email').code } };
  },
  resetPassword: async ({ person, tenant }, { app }) => {
    await app.api.post('/v1/forgot-password', { tenant, body: { email: person.email } });
    await app.drain();
    const token = tokenOf(app.mailer.last(person.email, 'reset_password'));
    return { body: { token, new_password: 'another long passphrase' } };
  },
  // The password is the one way in there is, and nobody may lock themselves out (R143).
  unlinkAuthMethod: () => ({ refusal: 400 }),
  setUp: async () => {
    const on = await TestApp.start({ env: UNLIMITED });
    const token = await on.get(OperatorsService).drawSetupToken();
    return { on, body: { token, email: uniqueEmail(), password: 'correct horse battery staple' } };
  },
};

/** Makes the calls that must succeed: by the right caller, with the smallest body, about what they may see. */
export class RightCalls {
  constructor(
    private readonly stage: Stage,
    private readonly operations: Operations,
  ) {}

  /** @returns a call for a person of its own, or an app of its own, so that no call disturbs another. */
  async make(operation: SweptOperation): Promise<RightCall> {
    const staged = operation.path.includes('{appId}') ? await this.stage.anotherApp() : this.stage.a;
    const target = await this.stage.target(staged.first);
    const call = this.stage.call(operation, this.operations, target);
    const fixture = await FIXTURES[operation.name]?.(target, this.stage);
    return { ...call, ...this.caller(operation, target, staged), ...fixture };
  }

  private caller({ access }: SweptOperation, { person, tenant }: Target, { operator }: StagedApp): Partial<Call> {
    switch (access.kind) {
      case 'session':
        return { token: person.token };
      case 'operator':
        return { token: access.reach === 'every_app' ? this.stage.owner : operator };
      case 'public':
        return access.tenant === 'none' ? {} : { tenant };
    }
  }
}
