import { EnvironmentsService } from '../../../src/environments/environments.service.js';
import { SYSTEM_ACTOR } from '../../../src/kernel/audit/audit-trail.js';
import { type AppScope, scopeTo } from '../../../src/kernel/context/scope.js';
import type { RequestOptions, SignedIn } from '../../support/api-client.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import type { Operations, SweptOperation } from './operations.js';

/** A signed-in user and the ids of what is theirs. */
export interface Person extends SignedIn {
  readonly sessionId: string;
  readonly deviceId: string;
}

/** An app with two environments in which somebody lives, and its operator. */
export interface StagedApp {
  readonly appId: AppScope['appId'];
  readonly first: TestTenant;
  readonly second: TestTenant;
  readonly operator: string;
}

/** Whose ids a call carries, and where they live. */
export interface Target {
  readonly tenant: TestTenant;
  readonly person: Person;
}

export interface Call extends RequestOptions {
  readonly path: string;
}

const ROOMY = '1000000/1m';

/** Limits are not the subject here, neither per address nor per account. */
export const UNLIMITED = {
  ...RAISED_LIMITS,
  AUTHSOME_LIMIT_PUBLIC_READ_PER_IP: ROOMY,
  AUTHSOME_LIMIT_MAIL_PER_ADDRESS: ROOMY,
  AUTHSOME_LIMIT_CODE_GUESSES_PER_ACCOUNT: ROOMY,
};

/** Two apps, people in them, operators over them: everything a call of any operation can be made with. */
export class Stage {
  private constructor(
    readonly app: TestApp,
    readonly a: StagedApp,
    readonly b: StagedApp,
    readonly owner: string,
  ) {}

  static async set(app: TestApp): Promise<Stage> {
    return new Stage(app, await stageApp(app), await stageApp(app), await app.platformOwner());
  }

  /** An app of its own, for calls that change how an app behaves. */
  anotherApp(): Promise<StagedApp> {
    return stageApp(this.app);
  }

  async person(tenant: TestTenant): Promise<Person> {
    const signedIn = await this.app.api.signUp(tenant);
    const { token } = signedIn;
    const { body } = await this.app.api.get('/v1/sessions', { token });
    const [session] = body.sessions as { id: string; device_id: string }[];
    if (session === undefined) throw new Error('signing up opened no session');
    return { ...signedIn, sessionId: session.id, deviceId: session.device_id };
  }

  async target(tenant: TestTenant): Promise<Target> {
    return { tenant, person: await this.person(tenant) };
  }

  /** The path of an operation with the target's ids in it. */
  pathOf({ path }: SweptOperation, { tenant, person }: Target): string {
    const ids: Record<string, string> = {
      appId: tenant.scope.appId,
      envId: tenant.scope.envId,
      userId: person.userId,
      sessionId: person.sessionId,
      deviceId: person.deviceId,
      provider: 'password',
      name: 'pages.css',
    };
    return path.replace(/\{(\w+)\}/g, (_, name: string) => {
      const id = ids[name];
      if (id === undefined) throw new Error(`say in stage.ts what to put for the path parameter ${name}`);
      return id;
    });
  }

  /** A call with well-formed input and no credential: only who calls decides its answer. */
  call(operation: SweptOperation, operations: Operations, target: Target): Call {
    const { body } = operation;
    return {
      path: this.pathOf(operation, target),
      query: queryOf(operation, target),
      ...(body === undefined ? {} : { body: operations.sample(body) }),
    };
  }
}

/** What an operation demands in its query beyond what its body and path say. */
function queryOf({ name, access, path }: SweptOperation, { tenant, person }: Target): Record<string, string> {
  return {
    ...(name === 'getClientConfig' ? { key: tenant.publishableKey } : {}),
    ...(name === 'adminBulkRevokeSessions' ? { user_id: person.userId } : {}),
    ...(access.kind === 'operator' && access.target !== 'none' && !path.includes('{appId}')
      ? { app_id: tenant.scope.appId }
      : {}),
  };
}

async function stageApp(app: TestApp): Promise<StagedApp> {
  const first = await app.createTenant('development');
  const { appId } = first.scope;
  return { appId, first, second: await addEnvironment(app, appId), operator: await app.operatorOf(appId) };
}

/** Another development environment: its people get their session without a mailed code, as in the first. */
async function addEnvironment(app: TestApp, appId: StagedApp['appId']): Promise<TestTenant> {
  const environments = app.get(EnvironmentsService);
  const scope = scopeTo.app(appId);
  const input = { name: 'Second', slug: 'second', type: 'development' } as const;
  const { id } = await environments.create(scope, input, SYSTEM_ACTOR);
  const key = (await environments.publishableKeys(scope)).find(({ envId }) => envId === id);
  if (key === undefined) throw new Error('the new environment has no publishable key');
  return { scope: scopeTo.env(appId, id), publishableKey: key.key };
}
