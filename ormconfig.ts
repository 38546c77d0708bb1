import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { AppEntity } from './src/apps/app.entity.js';
import { ChallengeEntity } from './src/auth/challenges/challenge.entity.js';
import { SignInAttemptsEntity } from './src/auth/sign-in/sign-in-attempts.entity.js';
import { DeviceEntity } from './src/devices/device.entity.js';
import { UserImportEntity } from './src/user-imports/user-import.entity.js';
import { UserImportRowEntity } from './src/user-imports/user-import-row.entity.js';
import { AuditPruningEntity } from './src/audit/audit-pruning.entity.js';
import { AuditSealEntity } from './src/audit/audit-seal.entity.js';
import { AuditSealerEntity } from './src/audit/audit-sealer.entity.js';
import { FormConfigEntity } from './src/form-configs/form-config.entity.js';
import { EnvironmentEntity } from './src/environments/environment.entity.js';
import { PublishableKeyEntity } from './src/environments/publishable-key.entity.js';
import { IdempotencyRecordEntity } from './src/http/idempotency/idempotency-record.entity.js';
import { AuditEntryEntity } from './src/kernel/audit/audit-entry.entity.js';
import { EventCursorEntity } from './src/kernel/events/event-cursor.entity.js';
import { OutboxEventEntity } from './src/kernel/events/outbox-event.entity.js';
import { ParkedEventEntity } from './src/kernel/events/parked-event.entity.js';
import { JobScheduleEntity } from './src/kernel/jobs/job-schedule.entity.js';
import { JobEntity } from './src/kernel/jobs/job.entity.js';
import { RateLimitEntity } from './src/kernel/limits/rate-limit.entity.js';
import { type Connection, dataSourceOptions } from './src/kernel/persistence/data-source-options.js';
import { migrations } from './src/migrations/index.js';
import { InvitationEntity } from './src/organizations/invitations/invitation.entity.js';
import { MemberEntity } from './src/organizations/members/member.entity.js';
import { OrganizationDomainEntity } from './src/organizations/organization-domain.entity.js';
import { OrganizationEntity } from './src/organizations/organization.entity.js';
import { TeamMemberEntity } from './src/organizations/teams/team-member.entity.js';
import { TeamEntity } from './src/organizations/teams/team.entity.js';
import { OperatorAppEntity } from './src/operators/operator-app.entity.js';
import { OperatorEntity } from './src/operators/operator.entity.js';
import { SetupTokenEntity } from './src/operators/setup-token.entity.js';
import { RoleAssignmentEntity } from './src/roles/role-assignment.entity.js';
import { RolePermissionEntity } from './src/roles/role-permission.entity.js';
import { RoleEntity } from './src/roles/role.entity.js';
import { ServiceAccountEntity } from './src/service-accounts/service-account.entity.js';
import { SessionEntity } from './src/sessions/session.entity.js';
import { SigningKeyEntity } from './src/sessions/signing-key.entity.js';
import { SettingChangeEntity } from './src/settings/setting-change.entity.js';
import { SettingValueEntity } from './src/settings/setting-value.entity.js';
import { ActiveUserEntity } from './src/stats/active-user.entity.js';
import { StatCounterEntity } from './src/stats/stat-counter.entity.js';
import { UserTotalEntity } from './src/stats/user-total.entity.js';
import { UserPasswordEntity } from './src/users/user-password.entity.js';
import { WebhookDeliveryEntity } from './src/webhooks/deliveries/webhook-delivery.entity.js';
import { WebhookMessageEntity } from './src/webhooks/messages/webhook-message.entity.js';
import { WebhookEntity } from './src/webhooks/webhook.entity.js';
import { UserEntity } from './src/users/user.entity.js';
import { ApiKeyEntity } from './src/api-keys/api-key.entity.js';
import { ApiKeyPolicyEntity } from './src/api-keys/policies/api-key-policy.entity.js';
import { ApiKeyRotationEntity } from './src/api-keys/rotations/api-key-rotation.entity.js';
import { ApiKeySecretEntity } from './src/api-keys/secrets/api-key-secret.entity.js';
import { KeyWindowEntity } from './src/api-keys/limits/key-window.entity.js';
import { KeyUsageBatchEntity } from './src/api-keys/usage/key-usage-batch.entity.js';
import { KeyUsageEntity } from './src/api-keys/usage/key-usage.entity.js';
import { UnkeyKeyEntity } from './src/keys-bridge/unkey/unkey-key.entity.js';
import { BillingCustomerEntity } from './src/billing-bridge/dispatch/billing-customer.entity.js';
import { UsageDispatchEntity } from './src/billing-bridge/dispatch/usage-dispatch.entity.js';
import { CouponRedemptionEntity } from './src/billing/coupons/coupon-redemption.entity.js';
import { CouponEntity } from './src/billing/coupons/coupon.entity.js';
import { GrantEntity } from './src/billing/grants/grant.entity.js';
import { OverrideEntity } from './src/billing/grants/override.entity.js';
import { ReservationEntity } from './src/billing/grants/reservation.entity.js';
import { UsageResetEntity } from './src/billing/grants/usage-reset.entity.js';
import { InvoiceEntity } from './src/billing/invoices/invoice.entity.js';
import { MeterEntity } from './src/billing/meters/meter.entity.js';
import { PlanVersionEntity } from './src/billing/plans/plan-version.entity.js';
import { PlanEntity } from './src/billing/plans/plan.entity.js';
import { SpanEntity } from './src/billing/subscriptions/span.entity.js';
import { SubscriptionEntity } from './src/billing/subscriptions/subscription.entity.js';
import { QuotaMarkEntity } from './src/billing/usage/quota-mark.entity.js';
import { UsageEventEntity } from './src/billing/usage/usage-event.entity.js';
import { UsageRollupEntity } from './src/billing/usage/usage-rollup.entity.js';
import { UsageUniqueEntity } from './src/billing/usage/usage-unique.entity.js';

export const entities = [
  AppEntity,
  EnvironmentEntity,
  FormConfigEntity,
  AuditSealEntity,
  AuditSealerEntity,
  AuditPruningEntity,
  UserImportEntity,
  UserImportRowEntity,
  PublishableKeyEntity,
  SettingValueEntity,
  SettingChangeEntity,
  UserEntity,
  UserPasswordEntity,
  DeviceEntity,
  SessionEntity,
  SigningKeyEntity,
  ChallengeEntity,
  SignInAttemptsEntity,
  OrganizationEntity,
  OrganizationDomainEntity,
  MemberEntity,
  InvitationEntity,
  TeamEntity,
  TeamMemberEntity,
  RoleEntity,
  RolePermissionEntity,
  RoleAssignmentEntity,
  WebhookEntity,
  WebhookMessageEntity,
  WebhookDeliveryEntity,
  BillingCustomerEntity,
  UsageDispatchEntity,
  CouponRedemptionEntity,
  CouponEntity,
  GrantEntity,
  OverrideEntity,
  ReservationEntity,
  UsageResetEntity,
  InvoiceEntity,
  MeterEntity,
  PlanVersionEntity,
  PlanEntity,
  SpanEntity,
  SubscriptionEntity,
  QuotaMarkEntity,
  UsageEventEntity,
  UsageRollupEntity,
  UsageUniqueEntity,
  ApiKeyEntity,
  ApiKeyPolicyEntity,
  ApiKeyRotationEntity,
  ApiKeySecretEntity,
  KeyWindowEntity,
  KeyUsageEntity,
  KeyUsageBatchEntity,
  UnkeyKeyEntity,
  OperatorEntity,
  OperatorAppEntity,
  SetupTokenEntity,
  ServiceAccountEntity,
  OutboxEventEntity,
  EventCursorEntity,
  ParkedEventEntity,
  StatCounterEntity,
  ActiveUserEntity,
  UserTotalEntity,
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
