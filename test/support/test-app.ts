import { randomBytes } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import type { AppOptions } from '../../src/app.module.js';
import { AppsService } from '../../src/apps/apps.service.js';
import { type Environment, loadConfig } from '../../src/config/load-config.js';
import { createApp } from '../../src/create-app.js';
import { PublishableKeysService } from '../../src/environments/publishable-keys.service.js';
import { EnvironmentsService } from '../../src/environments/environments.service.js';
import { SYSTEM_ACTOR } from '../../src/kernel/audit/audit-trail.js';
import { FakeClock } from '../../src/kernel/clock/fake-clock.js';
import { type AppScope, type EnvScope, scopeTo } from '../../src/kernel/context/scope.js';
import { EventRelay } from '../../src/kernel/events/event-relay.js';
import { BackgroundWorkers } from '../../src/kernel/jobs/background-workers.js';
import { JobRunner } from '../../src/kernel/jobs/job-runner.js';
import { Logger } from '../../src/kernel/logging/logger.js';
import type { SettingAuthor } from '../../src/settings/settings.service.js';
import { OperatorsService } from '../../src/operators/operators.service.js';
import { Starter } from '../../src/start/starter.js';
import { ApiClient } from './api-client.js';
import { createTestDatabase, type TestDatabase } from './postgres.js';
import { RecordingMailer } from './recording-mailer.js';

/** One key for all tests, so that a database can be read by two applications. */
const TEST_SECRETS = `test:${Buffer.alloc(32, 7).toString('base64')}`;

export const NOON = new Date('2030-01-15T12:00:00.000Z');

/** Cheap hashes: what a hash costs is tested where it matters, with the real cost. */
const TEST_ENVIRONMENT: Environment = {
  AUTHSOME_SECRETS: TEST_SECRETS,
  AUTHSOME_PUBLIC_URL: 'https://auth.test',
  AUTHSOME_HASH_MEMORY_KIB: '64',
  AUTHSOME_HASH_PASSES: '1',
  AUTHSOME_MAIL_DRIVER: 'log',
  AUTHSOME_WORKER_ENABLED: 'false',
  // How long a request waits for a connection or a lock is tested where it matters; elsewhere a busy machine is no fault.
  AUTHSOME_DATABASE_CONNECT_TIMEOUT: '30s',
  AUTHSOME_DATABASE_STATEMENT_TIMEOUT: '30s',
  AUTHSOME_DATABASE_LOCK_TIMEOUT: '30s',
  // A statement that forgot its scope is found by every test that runs it.
  AUTHSOME_ROW_POLICIES: 'true',
};

export interface TestTenant {
  readonly scope: EnvScope;
  readonly publishableKey: string;
}

/** Who sets things up behind the service's back. */
export const SYSTEM_AUTHOR = (scope: AppScope): SettingAuthor => ({ actor: SYSTEM_ACTOR, scope });

export interface TestAppOptions {
  readonly env?: Environment;
  readonly app?: AppOptions;
  /** Another application's database, for two replicas of one service. */
  readonly database?: TestDatabase;
  /** The log lines of the application are collected here. */
  readonly log?: string[];
}

/** The whole service on a database of its own, with a clock that the test moves and mail that the test reads. */
export class TestApp {
  readonly api: ApiClient;

  private constructor(
    readonly nest: NestFastifyApplication,
    readonly database: TestDatabase,
    readonly clock: FakeClock,
    readonly mailer: RecordingMailer,
    private readonly ownsDatabase: boolean,
  ) {
    this.api = new ApiClient(this);
  }

  static async start({ env = {}, app = {}, database, log }: TestAppOptions = {}): Promise<TestApp> {
    const own = database ?? (await createTestDatabase());
    const clock = new FakeClock(NOON);
    const mailer = new RecordingMailer();
    const config = loadConfig({ ...TEST_ENVIRONMENT, AUTHSOME_DATABASE_URL: own.runtimeUrl, ...env });
    const logger = new Logger({
      level: log === undefined ? 'silent' : 'debug',
      format: 'json',
      ...(log === undefined ? {} : { destination: { write: (line: string) => void log.push(line) } }),
    });
    const nest = await createApp(config, {
      ...app,
      kernel: { clock, logger, ...app.kernel },
      messaging: { mailer, ...app.messaging },
    });
    try {
      await nest.init();
      await nest.getHttpAdapter().getInstance().ready();
      await nest.get(Starter).start();
    } catch (error) {
      await stop(nest);
      if (database === undefined) await own.drop();
      throw error;
    }
    return new TestApp(nest, own, clock, mailer, database === undefined);
  }

  get<T>(token: abstract new (...args: never[]) => T): T {
    return this.nest.get<T>(token, { strict: false });
  }

  get dataSource(): DataSource {
    return this.nest.get(DataSource);
  }

  /** Runs every due job and task and what they enqueue, and brings every fact to its consumers. What webhooks are sent then waits for {@link deliver}. */
  async drain(): Promise<void> {
    await this.get(JobRunner).drain();
    await this.get(EventRelay).drain();
  }

  /** As {@link drain}, and sends what is due to webhooks. */
  async deliver(): Promise<void> {
    await this.drain();
    await this.get(BackgroundWorkers).drain();
  }

  /** An app of its own with one environment of the type asked for. */
  async createTenant(type: 'development' | 'staging' | 'production' = 'development'): Promise<TestTenant> {
    const slug = `app-${randomBytes(5).toString('hex')}`;
    const app = await this.get(AppsService).create({ name: 'Acme', slug }, SYSTEM_ACTOR);
    return this.environmentOf(app.id, type);
  }

  /** The environment of that type of an app that {@link createTenant} made. */
  async environmentOf(appId: EnvScope['appId'], type: 'development' | 'staging' | 'production'): Promise<TestTenant> {
    const environments = this.get(EnvironmentsService);
    const scope = scopeTo.app(appId);
    const environment = (await environments.list(scope)).find((candidate) => candidate.type === type);
    const key = (await this.get(PublishableKeysService).list(scope)).find(({ envId }) => envId === environment?.id);
    if (environment === undefined || key === undefined) throw new Error(`no ${type} environment`);
    return { scope: scopeTo.env(appId, environment.id), publishableKey: key.key };
  }

  /** Signs a platform owner in, and makes one first if there is none. @returns their access token. */
  async platformOwner(): Promise<string> {
    const owner = { email: 'owner@platform.test', password: 'a long passphrase of the owner' };
    const operators = this.get(OperatorsService);
    await operators.ensureOwner(owner);
    return this.signInOperator(owner);
  }

  /** Makes an operator of one app and signs them in. @returns their access token. */
  async operatorOf(appId: EnvScope['appId']): Promise<string> {
    const operator = { email: `op-${randomBytes(4).toString('hex')}@platform.test`, password: 'a long passphrase' };
    await this.get(OperatorsService).create(operator, appId);
    return this.signInOperator(operator);
  }

  async close(): Promise<void> {
    await stop(this.nest);
    if (this.ownsDatabase) await this.database.drop();
  }

  private async signInOperator({ email, password }: { email: string; password: string }): Promise<string> {
    const platform = await this.get(AppsService).findPlatform();
    if (platform === undefined) throw new Error('no platform app');
    const answer = await this.api.post('/v1/signin', { body: { app_id: platform.id, email, password } });
    return answer.body.session_token as string;
  }
}

async function stop(nest: NestFastifyApplication): Promise<void> {
  const starter = nest.get(Starter);
  await starter.stop();
  await nest.close();
  await starter.stopped();
}
