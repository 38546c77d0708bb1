import type { ChallengeEntity } from '../../../src/auth/challenges/challenge.entity.js';
import { AppConfigsService } from '../../../src/apps/app-configs.service.js';
import type { ClientConfigEntity } from '../../../src/apps/client-config.entity.js';
import type { SessionConfigEntity } from '../../../src/apps/session-config.entity.js';
import type { DeviceEntity } from '../../../src/devices/device.entity.js';
import type { EnvironmentEntity } from '../../../src/environments/environment.entity.js';
import type { PublishableKeyEntity } from '../../../src/environments/publishable-key.entity.js';
import { SYSTEM_ACTOR } from '../../../src/kernel/audit/audit-trail.js';
import { type EnvScope, scopeTo, SYSTEM } from '../../../src/kernel/context/scope.js';
import { Database } from '../../../src/kernel/persistence/database.js';
import { statement } from '../../../src/kernel/persistence/statement.js';
import type { SessionEntity } from '../../../src/sessions/session.entity.js';
import type { UserEntity } from '../../../src/users/user.entity.js';
import type { UserPasswordEntity } from '../../../src/users/user-password.entity.js';
import { authsomeDataSource } from '../../../ormconfig.js';
import type { TestApp } from '../../support/test-app.js';

/** Somebody with a row in every tenant table, and everything that an attacker could know of them. */
export interface Victim {
  readonly scope: EnvScope;
  readonly user: UserEntity;
  readonly passwordHash: string;
  readonly session: SessionEntity;
  readonly device: DeviceEntity;
  readonly challenge: ChallengeEntity;
  readonly attemptKey: Buffer;
  readonly environment: EnvironmentEntity;
  readonly publishableKey: PublishableKeyEntity;
  readonly sessionConfig: SessionConfigEntity;
  readonly clientConfig: ClientConfigEntity;
  /** Ids and values that no other tenant may be told. */
  readonly marks: readonly string[];
  readonly now: Date;
  /** For what is written with a transaction's commit. */
  readonly inTransaction: <T>(work: () => Promise<T>) => Promise<T>;
}

export async function createVictim(app: TestApp): Promise<Victim> {
  const tenant = await app.createTenant();
  const { scope } = tenant;
  const configs = app.get(AppConfigsService);
  const appScope = scopeTo.app(scope.appId);
  const nothing = { rotateRefreshToken: null, bindToIp: null, bindToDevice: null, tokenFormat: null };
  await configs.putSessionConfig(
    appScope,
    { tokenTtlSeconds: 600, refreshTokenTtlSeconds: null, maxActiveSessions: null, ...nothing },
    SYSTEM_ACTOR,
  );
  const client = { signupEnabled: null, passwordEnabled: null, requireEmailVerification: null, logoUrl: null };
  await configs.putClientConfig(appScope, { appName: 'Victim Inc.', ...client }, SYSTEM_ACTOR);
  const person = await app.api.signUp(tenant, { username: 'victim', name: 'Vera Victim' });
  const { email } = person;
  await app.api.post('/v1/signin', { tenant, body: { email, password: 'not the password' } });

  // As the owner of the tables: what a row holds, no repository in between.
  const dataSource = await authsomeDataSource({ url: app.database.ownerUrl, poolSize: 1 }).initialize();
  try {
    const only = async <Row extends object>(entity: string, where: object): Promise<Row> =>
      (await dataSource.getRepository<Row>(entity).findOneByOrFail(where)) as Row;
    const inEnv = { appId: scope.appId, envId: scope.envId };
    const user = await only<UserEntity>('UserEntity', inEnv);
    const session = await only<SessionEntity>('SessionEntity', inEnv);
    // A trusted device, so that there is trust to take away.
    const trustedUntil = app.clock.in(86_400_000);
    await dataSource.getRepository<DeviceEntity>('DeviceEntity').update(inEnv, { trusted: true, trustedUntil });
    const device = await only<DeviceEntity>('DeviceEntity', inEnv);
    const challenge = await only<ChallengeEntity>('ChallengeEntity', inEnv);
    const publishableKey = await only<PublishableKeyEntity>('PublishableKeyEntity', inEnv);
    await dataSource.getRepository<UserPasswordEntity>('UserPasswordEntity').update(inEnv, { contested: true });
    const { passwordHash } = await only<{ passwordHash: string }>('UserPasswordEntity', inEnv);
    return {
      scope,
      user,
      passwordHash,
      session,
      device,
      challenge,
      publishableKey,
      attemptKey: (await only<{ key: Buffer }>('SignInAttemptsEntity', inEnv)).key,
      environment: await only<EnvironmentEntity>('EnvironmentEntity', { id: scope.envId }),
      sessionConfig: await only<SessionConfigEntity>('SessionConfigEntity', { appId: scope.appId }),
      clientConfig: await only<ClientConfigEntity>('ClientConfigEntity', { appId: scope.appId }),
      marks: [user.id, email, session.id, device.id, challenge.id, scope.envId, publishableKey.key, passwordHash],
      now: app.clock.now(),
      inTransaction: (work) => app.get(Database).transaction(work),
    };
  } finally {
    await dataSource.destroy();
  }
}

const TENANT_TABLES = [
  'users',
  'user_passwords',
  'devices',
  'sessions',
  'challenges',
  'sign_in_attempts',
  'outbox',
  'audit_entries',
  'publishable_keys',
] as const;
const APP_TABLES = ['environments', 'app_session_configs', 'app_client_configs', 'publishable_keys'] as const;

const ROWS = statement(
  'test.rows_of_victim',
  [
    ...TENANT_TABLES.map(
      (table) =>
        `SELECT '${table}' AS name, to_jsonb(t)::text AS line FROM ${table} t WHERE app_id = $1 AND env_id = $2`,
    ),
    ...APP_TABLES.map(
      (table) => `SELECT '${table}' AS name, to_jsonb(t)::text AS line FROM ${table} t WHERE app_id = $1 AND $2 <> ''`,
    ),
  ].join(' UNION ') + ' ORDER BY 1, 2',
);

/** Every row of the victim's, as the database holds it; within the open transaction if there is one. */
export async function rowsOf({ scope }: Victim, app: TestApp): Promise<readonly string[]> {
  const { rows } = await app
    .get(Database)
    .query<{ name: string; line: string }>(SYSTEM, ROWS, [scope.appId, scope.envId]);
  return rows.map(({ name, line }) => `${name} ${line}`);
}
