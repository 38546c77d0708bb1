import { randomBytes } from 'node:crypto';
import { type Id } from '../../src/kernel/ids/id.js';
import { scopeTo } from '../../src/kernel/context/scope.js';
import { type Answer, PASSWORD, type SignedIn, uniqueEmail } from './api-client.js';
import { MailSink } from './mail-sink.js';
import { OwnerView } from './owner-view.js';
import { createTestDatabase, type TestDatabase } from './postgres.js';
import { RAISED_LIMITS } from './raised-limits.js';
import { Replica, type ReplicaRequest } from './replica.js';
import type { SessionPolicy } from './session-policy.js';
import type { TestTenant } from './test-app.js';

const OWNER = { email: 'owner@platform.test', password: 'a long passphrase of the owner' };

/** The owner whom the replicas make at their start. Without it they show a setup token instead. */
export const WITH_OWNER = { AUTHSOME_OWNER_EMAIL: OWNER.email, AUTHSOME_OWNER_PASSWORD: OWNER.password };

/** Two processes of the service on one database of their own, and what a test needs to look at them from outside. */
export class Replicas {
  private constructor(
    readonly database: TestDatabase,
    readonly view: OwnerView,
    readonly mails: MailSink,
    readonly env: Readonly<Record<string, string>>,
    private readonly running: [Replica, Replica],
    /** The default app's development environment. */
    readonly tenant: TestTenant,
  ) {}

  /** @param second settings of the second replica alone. */
  static async start(
    env: Readonly<Record<string, string>> = {},
    second: (database: TestDatabase) => Promise<Record<string, string>> = () => Promise.resolve({}),
  ): Promise<Replicas> {
    const database = await createTestDatabase();
    const mails = await MailSink.open();
    const common = {
      ...RAISED_LIMITS,
      AUTHSOME_DATABASE_URL: database.runtimeUrl,
      AUTHSOME_SECRETS: `k1:${randomBytes(32).toString('base64')}`,
      AUTHSOME_PUBLIC_URL: 'http://auth.test',
      AUTHSOME_MAIL_DRIVER: 'http',
      AUTHSOME_MAIL_HTTP_URL: `http://${mails.address}/`,
      AUTHSOME_OUTBOUND_ALLOW: mails.address,
      AUTHSOME_HASH_MEMORY_KIB: '64',
      AUTHSOME_HASH_PASSES: '1',
      AUTHSOME_LOG_FORMAT: 'json',
      AUTHSOME_LOG_LEVEL: 'warn',
      ...env,
    };
    const running = await Promise.all([
      Replica.spawn(common),
      second(database).then((more) => Replica.spawn({ ...common, ...more })),
    ]);
    const view = await OwnerView.open(database);
    try {
      await Promise.all(running.map((replica) => replica.ready()));
      return new Replicas(database, view, mails, common, running, await defaultTenant(view));
    } catch (error) {
      await close(running, view, mails, database);
      throw error;
    }
  }

  get first(): Replica {
    return this.running[0];
  }

  get second(): Replica {
    return this.running[1];
  }

  /** One replica after the other, in turn. */
  at(index: number): Replica {
    return this.running[index % 2] as Replica;
  }

  /** Failures of the service's own, from both logs: to be none after every test. */
  get errors(): string[] {
    return this.running.flatMap((replica) => replica.errors);
  }

  /** Sends so many requests at the same moment, alternating between the replicas, over connections that are open already. */
  async race(count: number, send: (replica: Replica, index: number) => Promise<Answer>): Promise<Answer[]> {
    await Promise.all(this.running.map((replica) => replica.connect(Math.ceil(count / 2))));
    return Promise.all(Array.from({ length: count }, (_, index) => send(this.at(index), index)));
  }

  /** A new process in place of the first replica, whatever became of that one. */
  async replaceFirst(): Promise<Replica> {
    if (this.running[0].isRunning) await this.running[0].stop();
    this.running[0] = await Replica.spawn(this.env);
    await this.running[0].ready();
    return this.running[0];
  }

  async signUp(tenant = this.tenant): Promise<SignedIn> {
    const [email, password] = [uniqueEmail(), PASSWORD];
    const answer = await this.first.post('/v1/signup', { tenant, body: { email, password } });
    return signedIn(answer, 201, email, password);
  }

  async signIn({ email, password }: { email: string; password: string }, replica = this.first): Promise<SignedIn> {
    const answer = await replica.post('/v1/signin', { tenant: this.tenant, body: { email, password } });
    return signedIn(answer, 200, email, password);
  }

  /** Signs the platform owner in, whom {@link WITH_OWNER} made. @returns their access token. */
  async platformOwner(): Promise<string> {
    const [platform] = await this.view.query<{ id: string }>('SELECT id FROM apps WHERE is_platform');
    const answer = await this.first.post('/v1/signin', { body: { app_id: platform?.id, ...OWNER } });
    return signedIn(answer, 200, OWNER.email, OWNER.password).token;
  }

  /** A new app whose sessions behave so, made by the platform owner. @returns its default environment. */
  async tenantWith(policy: SessionPolicy): Promise<TestTenant> {
    const token = await this.platformOwner();
    const slug = `app-${randomBytes(5).toString('hex')}`;
    const created = await this.first.post('/v1/admin/apps', { token, body: { name: 'Acme', slug } });
    if (created.status !== 200) throw new Error(`the app was refused: ${created.text}`);
    const path = `/v1/admin/apps/${String(created.body.id)}/session-config`;
    const set = await this.first.request('PUT', path, { token, body: policy });
    if (set.status !== 200) throw new Error(`the policy was refused: ${set.text}`);
    return defaultTenant(this.view, slug);
  }

  me(replica: Replica, token: string, options: ReplicaRequest = {}): Promise<Answer> {
    return replica.get('/v1/me', { token, ...options });
  }

  async count(sql: string, values: unknown[] = []): Promise<number> {
    const [row] = await this.view.query<{ count: string }>(sql, values);
    return Number(row?.count);
  }

  stop(): Promise<void> {
    return close(this.running, this.view, this.mails, this.database);
  }
}

async function close(
  replicas: readonly Replica[],
  view: OwnerView,
  mails: MailSink,
  database: TestDatabase,
): Promise<void> {
  await Promise.all(replicas.map((replica) => replica.stop()));
  await view.close();
  await mails.close();
  await database.drop();
}

async function defaultTenant(view: OwnerView, slug = 'default'): Promise<TestTenant> {
  const [row] = await view.query<{ appId: Id<'app'>; envId: Id<'environment'>; key: string }>(
    `SELECT e.app_id AS "appId", e.id AS "envId", k.key FROM apps a JOIN environments e ON e.app_id = a.id AND e.is_default
     JOIN publishable_keys k ON k.env_id = e.id WHERE a.slug = $1`,
    [slug],
  );
  if (row === undefined) throw new Error('the bootstrap made no default app');
  return { scope: scopeTo.env(row.appId, row.envId), publishableKey: row.key };
}

function signedIn({ status, body, text }: Answer, expected: number, email: string, password: string): SignedIn {
  if (status !== expected) throw new Error(`expected a session, got ${status}: ${text}`);
  return {
    token: body.session_token as string,
    refreshToken: body.refresh_token as string,
    deviceToken: body.device_token as string | undefined,
    userId: (body.user as { id: string }).id,
    email,
    password,
  };
}
