/**
 * What an application builds on that embeds or extends the service. Whatever is not exported here may change in any release: entities'
 * classes, repositories, the insides of the guard.
 *
 * `EventMap` and `HookMap` come by `export *`, which is what lets an extension add to them: `declare module 'authsome' { interface EventMap … }`.
 */

// The application.
export { AppModule, type AppOptions } from './app.module.js';
export { Config } from './config/config.js';
export { ConfigError, type Environment, loadConfig, withValues } from './config/load-config.js';
export { createApp } from './create-app.js';
export { Starter } from './start/starter.js';

// Routes: who may call, for whom, and what may go wrong.
export {
  type AccessRule,
  Public,
  RequireAnyScope,
  RequireFreshOperator,
  RequireFreshSession,
  RequireOperator,
  RequirePlatformOwner,
  RequireOrgRole,
  RequireKey,
  RequirePermission,
  RequireScopeExpression,
  RequireScopes,
  RequireSession,
} from './http/access/access.js';
export {
  AsOperator,
  Caller,
  OptionalCaller,
  OptionalTenant,
  Organization,
  TargetApp,
  Tenant,
} from './http/params/caller.decorators.js';
export { Client } from './http/params/client-info.decorator.js';
export { IdPipe } from './http/params/id.pipe.js';
export { ApiProblems } from './http/problems/api-problems.decorator.js';
export type { ClientInfo } from './kernel/context/client-info.js';
export type { OperatorReach, Principal, UserPrincipal } from './kernel/context/principal.js';
export { type AppScope, type EnvScope, scopeTo } from './kernel/context/scope.js';
export {
  defineProblem,
  DomainError,
  problemCatalogue,
  type ProblemClass,
  type ProblemDefinition,
  type ProblemKind,
  type ProblemOptions,
} from './kernel/errors/problem.js';
export { type Id, IdGenerator, isId, parseId } from './kernel/ids/id.js';
export type { IdKind } from './kernel/ids/id-prefixes.js';

// Taking part: before something happens, while it happens, after it has happened.
export * from './kernel/events/event-map.js';
export { Events, type RecordedEvent, type WithinHandler } from './kernel/events/events.js';
export type { StoredFact } from './kernel/events/event-feed.system-repository.js';
export { type EventConsumer, EventRelay } from './kernel/events/event-relay.js';
export * from './kernel/hooks/hooks.js';
export { type JobContext, type JobHandler, JobRunner, type RecurringTask } from './kernel/jobs/job-runner.js';
export { Jobs, type NewJob } from './kernel/jobs/jobs.js';
export { type Actor, type AuditRecord, AuditTrail, SYSTEM_ACTOR } from './kernel/audit/audit-trail.js';
export { Database } from './kernel/persistence/database.js';

// Ways of proving who one is, and conditions for getting a session.
export { AuthenticationStrategies, AuthenticationStrategy } from './http/authentication/authentication-strategies.js';
export { type SignInAttempt, type SignInGate, SignInGates } from './sessions/sign-in-gates.js';

// Ports, to be bound by the application.
export {
  type Entitlement,
  type EntitlementReason,
  type FeatureKind,
  LEDGER,
  type Ledger,
  type LedgerHealth,
  type Subject,
  type SubjectKey,
  type Usage,
  UsageRefused,
} from './billing-bridge/ledger.js';
export { FEATURES, type Feature, METERS, type Meter } from './billing-bridge/feature-keys.js';
export { type BilledParties, BilledSubjects } from './billing-bridge/billed-subjects.js';
export { Entitlements } from './billing-bridge/entitlements/entitlements.js';
export { EntitlementGate } from './billing-bridge/entitlements/entitlement-gate.js';
export {
  EntitlementDenied,
  EntitlementUnknown,
  QuotaExceeded,
} from './billing-bridge/entitlements/entitlement.problems.js';
export { RequireEntitlement } from './billing-bridge/entitlements/require-entitlement.decorator.js';
export { RequestLedger } from './billing-bridge/request-ledger.js';
export { UsageRecorder } from './billing-bridge/usage/usage-recorder.js';
export {
  type CreateKeyInput,
  KEY_MANAGER,
  type ForeignSecret,
  type KeyCapabilities,
  type KeyCredits,
  type KeyFilter,
  type KeyInfo,
  type KeyLimits,
  type KeyManager,
  type KeyOwner,
  type KeyRestrictions,
  type KeyResult,
  type LimitState,
  type RotatedKey,
  type RotateOptions,
  type UpdateKeyInput,
  type ValidatedKey,
  type ValidateOptions,
  type WindowLimit,
} from './keys-bridge/key-manager.js';
export {
  CreditsExhausted,
  InvalidApiKey,
  InvalidScope,
  KeyAlreadyKnown,
  KeyFeatureUnsupported,
  KeyManagerNotAvailable,
  KeyNotAllowedHere,
  KeyNotFound,
  KeyProviderRefused,
  KeyProviderUnavailable,
  KeyStateConflict,
} from './keys-bridge/keys-bridge.problems.js';
export { isOurKey } from './api-keys/key-format.js';
export { PreconditionFailed } from './http/etag.js';
export { RateLimited } from './kernel/limits/rate-limits.js';
export { InsufficientScope } from './http/access/access.problems.js';
export type { ScopeExpression } from './http/access/scope-expression.js';
export { Acting, CallingKey } from './http/params/caller.decorators.js';
export { Clock } from './kernel/clock/clock.js';
export { PasswordHasher } from './kernel/crypto/password-hasher.js';
export { Secret } from './kernel/crypto/secret.js';
export { Logger, type LoggerOptions } from './kernel/logging/logger.js';
export { DeliveryFailed, Mailer } from './messaging/mailer.js';
export type { Message, MessagePurpose } from './messaging/message.js';
export { type MemberRole, Memberships, type OrganizationStanding } from './http/access/memberships.js';
export { PermissionChecks } from './http/access/permission-checks.js';
export type { ActedOrganization } from './http/request-state.js';

// Services, and the modules to import for them.
export { type IssuedSession, SessionIssuer, type SessionRequest } from './sessions/session-issuer.js';
export type { SessionEntity } from './sessions/session.entity.js';
export { SessionsModule } from './sessions/sessions.module.js';
export { SessionsService } from './sessions/sessions.service.js';
export type { UserEntity } from './users/user.entity.js';
export { UsersModule } from './users/users.module.js';
export { type NewUser, UsersService } from './users/users.service.js';

// Who is told of what happens.
export { type EventResource, EventResources, type ResourceReader } from './webhooks/messages/event-resources.js';
export type { WebhookEntity } from './webhooks/webhook.entity.js';
export { WebhooksModule } from './webhooks/webhooks.module.js';
export { type WebhookInput, WebhooksService, type WebhookWithSecret } from './webhooks/webhooks.service.js';

// Who belongs to which organization, and who may do what.
export { MembersService, type OrganizationActor, organizationActor } from './organizations/members/members.service.js';
export { OrganizationsModule } from './organizations/organizations.module.js';
export { OrganizationsService } from './organizations/organizations.service.js';
export type { Grant, HeldGrant } from './roles/permission.rules.js';
export { type Decision, type PermissionQuestion, PermissionsService } from './roles/permissions.service.js';
export { RoleAssignmentsService } from './roles/role-assignments.service.js';
export { type RoleManager, roleManager } from './roles/role-manager.js';
export { RolesModule } from './roles/roles.module.js';
export { RolesService } from './roles/roles.service.js';
