import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { ClientConfigEntity } from './src/apps/client-config.entity.js';
import { AppEntity } from './src/apps/app.entity.js';
import { SessionConfigEntity } from './src/apps/session-config.entity.js';
import { ChallengeEntity } from './src/auth/challenges/challenge.entity.js';
import { SignInAttemptsEntity } from './src/auth/sign-in/sign-in-attempts.entity.js';
import { DeviceEntity } from './src/devices/device.entity.js';
import { EnvironmentEntity } from './src/environments/environment.entity.js';
import { PublishableKeyEntity } from './src/environments/publishable-key.entity.js';
import { IdempotencyRecordEntity } from './src/http/idempotency/idempotency-record.entity.js';
import { AuditEntryEntity } from './src/kernel/audit/audit-entry.entity.js';
import { OutboxEventEntity } from './src/kernel/events/outbox-event.entity.js';
import { JobScheduleEntity } from './src/kernel/jobs/job-schedule.entity.js';
import { JobEntity } from './src/kernel/jobs/job.entity.js';
import { RateLimitEntity } from './src/kernel/limits/rate-limit.entity.js';
import { type Connection, dataSourceOptions } from './src/kernel/persistence/data-source-options.js';
import { migrations } from './src/migrations/index.js';
import { OperatorAppEntity } from './src/operators/operator-app.entity.js';
import { OperatorEntity } from './src/operators/operator.entity.js';
import { SetupTokenEntity } from './src/operators/setup-token.entity.js';
import { SessionEntity } from './src/sessions/session.entity.js';
import { SigningKeyEntity } from './src/sessions/signing-key.entity.js';
import { UserPasswordEntity } from './src/users/user-password.entity.js';
import { UserEntity } from './src/users/user.entity.js';

export const entities = [
  AppEntity,
  EnvironmentEntity,
  PublishableKeyEntity,
  SessionConfigEntity,
  ClientConfigEntity,
  UserEntity,
  UserPasswordEntity,
  DeviceEntity,
  SessionEntity,
  SigningKeyEntity,
  ChallengeEntity,
  SignInAttemptsEntity,
  OperatorEntity,
  OperatorAppEntity,
  SetupTokenEntity,
  OutboxEventEntity,
  AuditEntryEntity,
  JobEntity,
  JobScheduleEntity,
  RateLimitEntity,
  IdempotencyRecordEntity,
];

/** The data source of the service, and of the TypeORM command line: `npx typeorm migration:show -d dist/ormconfig.js`. */
export function authsomeDataSource(connection: Connection): DataSource {
  return new DataSource({ ...dataSourceOptions(connection), entities, migrations });
}

export default authsomeDataSource({ url: process.env.AUTHSOME_DATABASE_URL ?? process.env.DATABASE_URL ?? '' });
