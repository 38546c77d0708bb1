import { type DynamicModule, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Config } from '../config/config.js';
import { AuditTrail } from './audit/audit-trail.js';
import { AuditRepository } from './audit/audit.repository.js';
import { Clock } from './clock/clock.js';
import { DatabaseClock } from './clock/database-clock.js';
import { Argon2PasswordHasher } from './crypto/argon2.password-hasher.js';
import { loadArgon2Engine } from './crypto/argon2-engine.js';
import { BcryptPasswordHasher } from './crypto/bcrypt.password-hasher.js';
import { Pbkdf2PasswordHasher } from './crypto/foreign/pbkdf2.password-hasher.js';
import { PhpassPasswordHasher } from './crypto/foreign/phpass.password-hasher.js';
import { ScryptPasswordHasher } from './crypto/foreign/scrypt.password-hasher.js';
import { ShaCryptPasswordHasher } from './crypto/foreign/sha-crypt.password-hasher.js';
import { HashSlots } from './crypto/hash-slots.js';
import { KeyRing } from './crypto/key-ring.js';
import { OneTimeCodes } from './crypto/one-time-code.js';
import { Passwords } from './crypto/passwords.js';
import { SealedBox } from './crypto/sealed-box.js';
import { EventFeedSystemRepository } from './events/event-feed.system-repository.js';
import { EventRelay } from './events/event-relay.js';
import { Events } from './events/events.js';
import { Hooks } from './hooks/hooks.js';
import { IdGenerator, TypeIdGenerator } from './ids/id.js';
import { BackgroundWorkers } from './jobs/background-workers.js';
import { JOB_RUNNER_OPTIONS, JobRunner, type JobRunnerOptions } from './jobs/job-runner.js';
import { Jobs } from './jobs/jobs.js';
import { JobsSystemRepository } from './jobs/jobs.system-repository.js';
import { RateLimits } from './limits/rate-limits.js';
import { Logger } from './logging/logger.js';
import { Metrics } from './metrics/metrics.js';
import { Notifications } from './notifications/notifications.js';
import { Database } from './persistence/database.js';
import { Cursors } from './persistence/page.js';

/** What tests and library users may replace. */
export interface KernelOverrides {
  readonly clock?: Clock;
  readonly ids?: IdGenerator;
  readonly logger?: Logger;
}

/** A probe of the listening connection twice a second bounds how long a silent death goes unnoticed to about a second. */
const HEARTBEAT_MS = 500;

/** Time, ids, secrets, persistence, facts, audit, jobs, limits, logs: what every module builds on. Knows no HTTP and no feature. */
@Module({})
export class KernelModule {
  static register(config: Config, overrides: KernelOverrides = {}): DynamicModule {
    const providers = [
      { provide: Config, useValue: config },
      { provide: Clock, useValue: overrides.clock ?? new DatabaseClock(config.seams.clockOffsetFile) },
      { provide: IdGenerator, useValue: overrides.ids ?? new TypeIdGenerator() },
      { provide: Logger, useValue: overrides.logger ?? new Logger(config.logging) },
      { provide: KeyRing, useFactory: () => keyRingOf(config) },
      { provide: Passwords, useFactory: () => passwordsOf(config) },
      {
        provide: Database,
        inject: [DataSource, Notifications],
        useFactory: (dataSource: DataSource, notifications: Notifications) => {
          const database = new Database(dataSource, { rowPolicies: config.database.rowPolicies });
          database.hearOwnNotifications((payload) => notifications.dispatch(payload));
          return database;
        },
      },
      {
        provide: Notifications,
        inject: [Logger],
        useFactory: (logger: Logger) =>
          new Notifications(
            {
              // A name of its own, so that operators tell it from the pool in pg_stat_activity.
              connection: { connectionString: databaseUrlOf(config), application_name: 'authsome listener' },
              heartbeatMs: HEARTBEAT_MS,
            },
            logger,
          ),
      },
      { provide: JOB_RUNNER_OPTIONS, useValue: config.workers satisfies JobRunnerOptions },
      SealedBox,
      OneTimeCodes,
      Events,
      EventRelay,
      EventFeedSystemRepository,
      AuditTrail,
      AuditRepository,
      Hooks,
      Jobs,
      JobRunner,
      BackgroundWorkers,
      JobsSystemRepository,
      RateLimits,
      Metrics,
      Cursors,
    ];
    return {
      module: KernelModule,
      global: true,
      providers,
      exports: providers.map((provider) => ('provide' in provider ? provider.provide : provider)),
    };
  }
}

/** Start-up fills these in before the application is made; their absence here is a bug of ours, not of the operator. */
export function databaseUrlOf(config: Config): string {
  if (config.database.url === undefined)
    throw new Error('the database URL was not resolved before the application was made');
  return config.database.url.reveal();
}

function keyRingOf(config: Config): KeyRing {
  if (config.secrets.keyRing === undefined)
    throw new Error('the key ring was not resolved before the application was made');
  return KeyRing.parse(config.secrets.keyRing);
}

async function passwordsOf({ passwords }: Config): Promise<Passwords> {
  const cost = { memoryKib: passwords.hashMemoryKib, passes: passwords.hashPasses, lanes: 1 };
  const hasher = new Argon2PasswordHasher(await loadArgon2Engine(), cost);
  return Passwords.create(
    hasher,
    [
      new BcryptPasswordHasher(),
      new ScryptPasswordHasher(),
      new Pbkdf2PasswordHasher(),
      new ShaCryptPasswordHasher(),
      new PhpassPasswordHasher(),
    ],
    new HashSlots(passwords.hashSlots, passwords.hashQueue),
  );
}
