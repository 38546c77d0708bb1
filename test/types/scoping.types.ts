/**
 * What the compiler must refuse. Checked by `npm run typecheck`, never run: an `@ts-expect-error` above a line that compiles is
 * itself an error, so each of these stops the build on the day it stops being refused.
 */
import type { AppConfigsService } from '../../src/apps/app-configs.service.js';
import type { DevicesRepository } from '../../src/devices/devices.repository.js';
import type { EnvironmentsRepository } from '../../src/environments/environments.repository.js';
import type { AppScope, EnvScope } from '../../src/kernel/context/scope.js';
import { SYSTEM } from '../../src/kernel/context/scope.js';
import type { Events } from '../../src/kernel/events/events.js';
import type { Hooks } from '../../src/kernel/hooks/hooks.js';
import { type Id, parseId } from '../../src/kernel/ids/id.js';
import type { Database } from '../../src/kernel/persistence/database.js';
import { EnvScopedRepository } from '../../src/kernel/persistence/env-scoped.repository.js';
import { envStatement, statement } from '../../src/kernel/persistence/statement.js';
import { SystemRepository } from '../../src/kernel/persistence/system.repository.js';
import type { UserEntity } from '../../src/users/user.entity.js';
import type { UsersRepository } from '../../src/users/users.repository.js';
import type { UsersService } from '../../src/users/users.service.js';

declare const users: UsersService;
declare const userRows: UsersRepository;
declare const devices: DevicesRepository;
declare const environments: EnvironmentsRepository;
declare const configs: AppConfigsService;
declare const events: Events;
declare const hooks: Hooks;
declare const database: Database;
declare const app: AppScope;
declare const env: EnvScope;
declare const appId: Id<'app'>;
declare const envId: Id<'environment'>;
declare const userId: Id<'user'>;
declare const deviceId: Id<'device'>;
declare const now: Date;

export async function scopes(): Promise<void> {
  await users.get(env, userId);
  await environments.list(env);

  // @ts-expect-error a plain object is no scope: only `scopeTo` mints one
  await users.get({ appId, envId }, userId);
  // @ts-expect-error an app scope reaches no environment's rows
  await users.get(app, userId);
  // @ts-expect-error the system scope is for system repositories
  await users.get(SYSTEM, userId);
  // @ts-expect-error a scope is demanded, not looked up
  await users.get(userId);
  // @ts-expect-error a plain object is no app scope either
  await environments.list({ appId });
  // @ts-expect-error nor does a settings service take one
  await configs.sessionConfig({ appId });
  // @ts-expect-error a scope cannot be turned towards another tenant
  env.envId = envId;
}

export async function ids(): Promise<void> {
  await devices.find(env, userId, deviceId);

  // @ts-expect-error a user's id does not name an app
  await users.get(env, appId);
  // @ts-expect-error the order of two ids is checked by their kinds
  await devices.find(env, deviceId, userId);
  // @ts-expect-error text is no id until it was parsed
  await users.get(env, 'ausr_01h2xcejqtf2nbrexx3vqjhp41');
  // @ts-expect-error what was parsed as one kind is not another
  await users.get(env, parseId('session', 'ases_01h2xcejqtf2nbrexx3vqjhp41'));
  // @ts-expect-error an unknown kind has no prefix
  parseId('passport', 'x');
}

export async function facts(): Promise<void> {
  await events.record(env, 'user.updated', userId, { user_id: userId });

  // @ts-expect-error nobody declares such an event
  await events.record(env, 'user.exploded', userId, { user_id: userId });
  // @ts-expect-error a payload has the fields of its event
  await events.record(env, 'user.updated', userId, { id: userId });
  // @ts-expect-error and their kinds
  await events.record(env, 'user.updated', userId, { user_id: deviceId });
  // @ts-expect-error a subscriber sees the payload of the event it named
  events.within('user.updated', async (_scope, { payload }) => void payload.email);
  // @ts-expect-error nobody declares such a moment
  hooks.on('before.sunrise', { id: 'acme' }, () => undefined);
  // @ts-expect-error a hook sees what its moment holds
  hooks.on('before.sign_up', { id: 'acme' }, ({ session }) => void session);
}

const PLAIN = statement('types.plain', 'SELECT 1');
const SCOPED = envStatement('types.scoped', 'SELECT 1 FROM users WHERE app_id = $1 AND env_id = $2');

export class CarelessRepository extends EnvScopedRepository<UserEntity> {
  async misuse(): Promise<void> {
    await this.queryIn(env, SCOPED);

    // @ts-expect-error a statement that was not checked for its tenant is not run for one
    await this.queryIn(env, PLAIN);
    // @ts-expect-error the tenant is no condition of the caller's
    await this.findOneIn(env, { appId });
    // @ts-expect-error nor is the environment
    await this.deleteIn(env, { envId, id: userId });
    // @ts-expect-error a row does not move to another tenant
    await this.updateIn(env, { id: userId }, { appId });
    // @ts-expect-error the row that is inserted takes its tenant from the scope
    await this.insertIn(env, { ...({} as UserEntity), appId });
  }
}

export class NarrowSystemRepository extends SystemRepository {
  async anyTenantMisuse(): Promise<void> {
    // @ts-expect-error a system repository takes statements, not texts
    await this.query('SELECT 1');
  }
}

export async function outside(): Promise<void> {
  // @ts-expect-error the helpers of a repository are its own
  await userRows.queryIn(env, SCOPED);
  // @ts-expect-error the database asks for a scope
  await database.query(SCOPED, []);
  // @ts-expect-error and for a real one
  await database.query({ appId, envId }, SCOPED, [now]);
}
