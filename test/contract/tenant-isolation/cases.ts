import { ClientConfigsRepository, SessionConfigsRepository } from '../../../src/apps/app-configs.repository.js';
import { ChallengesRepository } from '../../../src/auth/challenges/challenges.repository.js';
import { SignInAttemptsRepository } from '../../../src/auth/sign-in/sign-in-attempts.repository.js';
import { DevicesRepository } from '../../../src/devices/devices.repository.js';
import {
  EnvironmentsRepository,
  PublishableKeysRepository,
} from '../../../src/environments/environments.repository.js';
import { AuditRepository } from '../../../src/kernel/audit/audit.repository.js';
import type { AppScope, EnvScope } from '../../../src/kernel/context/scope.js';
import { SessionsRepository } from '../../../src/sessions/sessions.repository.js';
import { UserTracesRepository } from '../../../src/users/user-traces.repository.js';
import { UsersRepository } from '../../../src/users/users.repository.js';
import type { Victim } from './victim.js';

type Attempt<Repository, Scope> = (repository: Repository, scope: Scope, victim: Victim) => unknown;

export interface Cases {
  readonly repository: abstract new (...args: never[]) => object;
  readonly scopedTo: 'app' | 'environment';
  readonly attempts: Readonly<Record<string, Attempt<object, EnvScope>>>;
}

/** The compiler asks for one attempt per public method. */
function casesOf<Repository extends object, Scope extends AppScope>(
  repository: abstract new (...args: never[]) => Repository,
  scopedTo: Cases['scopedTo'],
  attempts: { readonly [Method in keyof Repository & string]: Attempt<Repository, Scope> },
): Cases {
  return { repository, scopedTo, attempts: attempts as unknown as Cases['attempts'] };
}

const RULES = {
  failures: { count: 10, windowMs: 900_000 },
  firstDelayMs: 60_000,
  longestDelayMs: 3_600_000,
  mostFailures: 100,
};
const HOUR_MS = 3_600_000;

const later = ({ now }: Victim): Date => new Date(now.getTime() + HOUR_MS);

/** What a stranger would try: every public method of every repository, with the victim's own identifiers and the stranger's scope. */
export const CASES: readonly Cases[] = [
  casesOf<UsersRepository, EnvScope>(UsersRepository, 'environment', {
    insert: (users, scope, { user, now }) =>
      users.insert(scope, {
        id: user.id,
        email: 'mallory@example.com',
        emailVerified: true,
        username: null,
        displayUsername: null,
        firstName: 'Mallory',
        lastName: '',
        metadata: {},
        now,
      }),
    putPassword: (users, scope, { user, now }) =>
      users.putPassword(scope, user.id, 'the hash of another password', now),
    startNewEpoch: (users, scope, { user, now }) => users.startNewEpoch(scope, user.id, now),
    upgradeHash: (users, scope, { user, passwordHash, now }) =>
      users.upgradeHash(scope, user.id, passwordHash, 'the hash of another password', now),
    contestPassword: (users, scope, { user }) => users.contestPassword(scope, user.id),
    confirmPassword: (users, scope, { user }) => users.confirmPassword(scope, user.id),
    dropContestedPassword: (users, scope, { user }) => users.dropContestedPassword(scope, user.id),
    findByEmail: (users, scope, { user }) => users.findByEmail(scope, user.email ?? ''),
    findByUsername: (users, scope, { user }) => users.findByUsername(scope, user.username ?? ''),
    findCredentials: (users, scope, { user }) => users.findCredentials(scope, user.id),
    updateProfile: (users, scope, { user, now }) =>
      users.updateProfile(scope, user.id, { firstName: 'Mallory' }, undefined, now),
    verifyEmail: (users, scope, { user, now }) => users.verifyEmail(scope, user.id, user.email ?? '', now),
    changeEmail: (users, scope, { user, now }) =>
      users.changeEmail(scope, user.id, user.email ?? '', 'mallory@example.com', now),
    ban: (users, scope, { user, now }) => users.ban(scope, user.id, 'envy', null, now),
    unban: (users, scope, { user, now }) => users.unban(scope, user.id, now),
    erase: (users, scope, { user, now }) => users.erase(scope, user.id, now),
  }),

  casesOf<UserTracesRepository, EnvScope>(UserTracesRepository, 'environment', {
    forget: (traces, scope, { user }) => traces.forget(scope, user.id),
  }),

  casesOf<AuditRepository, EnvScope>(AuditRepository, 'environment', {
    ofPerson: (audit, scope, { user }) => audit.ofPerson(scope, user.id, 100),
  }),

  casesOf<SessionsRepository, EnvScope>(SessionsRepository, 'environment', {
    start: (sessions, scope, { session, user }) =>
      sessions.start(
        scope,
        {
          ...session,
          id: 'ases_01h2xcejqtf2nbrexx3vqjhp41' as typeof session.id,
          accessHash: Buffer.from('a'),
          locator: Buffer.from('b'),
        },
        user.authEpoch,
      ),
    lockUser: (sessions, scope, { user }) => sessions.lockUser(scope, user.id),
    evict: (sessions, scope, { user, now }) => sessions.evict(scope, user.id, 0, now),
    find: (sessions, scope, { user, session }) => sessions.find(scope, user.id, session.id),
    page: (sessions, scope, { user, now }) => sessions.page(scope, user.id, '', now, new Date(0), 100),
    endOne: (sessions, scope, { user, session, now }) => sessions.endOne(scope, user.id, session.id, 'revoked', now),
    endAll: (sessions, scope, { user, now }) => sessions.endAll(scope, user.id, 'revoked', now),
    endOfDevice: (sessions, scope, { user, device, now }) => sessions.endOfDevice(scope, user.id, device.id, now),
    reauthenticate: (sessions, scope, victim) =>
      sessions.reauthenticate(scope, victim.user.id, victim.session.id, later(victim)),
    deleteAll: (sessions, scope, { user }) => sessions.deleteAll(scope, user.id),
  }),

  casesOf<DevicesRepository, EnvScope>(DevicesRepository, 'environment', {
    see: (devices, scope, victim) =>
      devices.see(scope, victim.user.id, victim.device.secretHash, later(victim), '203.0.113.9'),
    isKnown: (devices, scope, { user, device }) => devices.isKnown(scope, user.id, device.secretHash),
    register: (devices, scope, { device }) =>
      devices.register(scope, { ...device, secretHash: Buffer.from('another secret') }),
    find: (devices, scope, { user, device }) => devices.find(scope, user.id, device.id),
    page: (devices, scope, { user }) => devices.page(scope, user.id, '', 100),
    rename: (devices, scope, { user, device, now }) =>
      devices.rename(scope, user.id, device.id, 'Mallory’s', undefined, now),
    trust: (devices, scope, victim) =>
      devices.trust(scope, victim.user.id, victim.device.id, later(victim), undefined, victim.now),
    distrustAll: (devices, scope, { user, now }) => devices.distrustAll(scope, user.id, now),
    delete: (devices, scope, { user, device }) => devices.delete(scope, user.id, device.id),
    deleteAll: (devices, scope, { user }) => devices.deleteAll(scope, user.id),
  }),

  casesOf<ChallengesRepository, EnvScope>(ChallengesRepository, 'environment', {
    put: (challenges, scope, { challenge }) =>
      challenges.put(scope, { ...challenge, tokenHash: Buffer.from('another token') }),
    find: (challenges, scope, { user, challenge, now }) => challenges.find(scope, user.id, challenge.purpose, now),
    guess: (challenges, scope, { user, challenge, now }) => challenges.guess(scope, user.id, challenge.purpose, now, 5),
    consume: (challenges, scope, { challenge, now }) => challenges.consume(scope, challenge.id, now),
    drop: (challenges, scope, { user, challenge }) => challenges.drop(scope, user.id, [challenge.purpose]),
  }),

  casesOf<SignInAttemptsRepository, EnvScope>(SignInAttemptsRepository, 'environment', {
    begin: (attempts, scope, { attemptKey, now }) => attempts.begin(scope, attemptKey, RULES, now),
    read: (attempts, scope, { attemptKey }) => attempts.read(scope, attemptKey),
    clear: (attempts, scope, { attemptKey }) => attempts.clear(scope, attemptKey),
    clearWithChange: (attempts, scope, { attemptKey, inTransaction }) =>
      inTransaction(() => Promise.resolve(attempts.clearWithChange(scope, attemptKey))),
  }),

  casesOf<EnvironmentsRepository, AppScope>(EnvironmentsRepository, 'app', {
    create: (environments, scope, { environment }) =>
      environments.create(scope, { ...environment, slug: 'mallory', isDefault: false }),
    list: (environments, scope) => environments.list(scope),
    getById: (environments, scope, { environment }) => environments.getById(scope, environment.id),
  }),

  casesOf<PublishableKeysRepository, AppScope>(PublishableKeysRepository, 'app', {
    create: (keys, scope, { publishableKey }) =>
      keys.create(scope, { ...publishableKey, id: 'apbk_x' as typeof publishableKey.id, key: 'pk_test_x' }),
    list: (keys, scope) => keys.list(scope),
  }),

  casesOf<SessionConfigsRepository, AppScope>(SessionConfigsRepository, 'app', {
    find: (configs, scope) => configs.find(scope),
    put: (configs, scope, { sessionConfig }) => configs.put(scope, { ...sessionConfig, tokenTtlSeconds: 1 }),
    delete: (configs, scope) => configs.delete(scope),
  }),

  casesOf<ClientConfigsRepository, AppScope>(ClientConfigsRepository, 'app', {
    find: (configs, scope) => configs.find(scope),
    put: (configs, scope, { clientConfig }) => configs.put(scope, { ...clientConfig, appName: 'Mallory Inc.' }),
    delete: (configs, scope) => configs.delete(scope),
  }),
];

/** Attempts that leave no trace, or none before the commit, even in one's own tenant: nothing shows that they reached it. */
export const WITHOUT_TRACE: readonly string[] = [
  'SessionsRepository.lockUser',
  'SignInAttemptsRepository.clearWithChange',
  // The victim's is contested already, so that there is something to take away.
  'UsersRepository.contestPassword',
];
