import { ApiKeysRepository, type ShownKey } from '../../../src/api-keys/api-keys.repository.js';
import { ApiKeysService } from '../../../src/api-keys/api-keys.service.js';
import type { ApiKeyPolicyEntity } from '../../../src/api-keys/policies/api-key-policy.entity.js';
import { KeyPoliciesService } from '../../../src/api-keys/policies/key-policies.service.js';
import type { ApiKeySecretEntity } from '../../../src/api-keys/secrets/api-key-secret.entity.js';
import { KeyUsageSystemRepository } from '../../../src/api-keys/usage/key-usage.system-repository.js';
import { LeasesSystemRepository } from '../../../src/api-keys/limits/leases.system-repository.js';
import { BillingCustomersRepository } from '../../../src/billing-bridge/dispatch/billing-customers.repository.js';
import type { UnkeyKey } from '../../../src/keys-bridge/unkey/unkey-keys.js';
import { UnkeyKeysRepository } from '../../../src/keys-bridge/unkey/unkey-keys.repository.js';
import type { ChallengeEntity } from '../../../src/auth/challenges/challenge.entity.js';
import { AppConfigsService } from '../../../src/apps/app-configs.service.js';
import type { DeviceEntity } from '../../../src/devices/device.entity.js';
import type { EnvironmentEntity } from '../../../src/environments/environment.entity.js';
import type { PublishableKeyEntity } from '../../../src/environments/publishable-key.entity.js';
import type { FormConfigEntity } from '../../../src/form-configs/form-config.entity.js';
import { FormConfigsService } from '../../../src/form-configs/form-configs.service.js';
import { SYSTEM_ACTOR } from '../../../src/kernel/audit/audit-trail.js';
import { type EnvScope, scopeTo, SYSTEM } from '../../../src/kernel/context/scope.js';
import { EventRelay } from '../../../src/kernel/events/event-relay.js';
import type { Id } from '../../../src/kernel/ids/id.js';
import { Database } from '../../../src/kernel/persistence/database.js';
import { statement } from '../../../src/kernel/persistence/statement.js';
import type { InvitationEntity } from '../../../src/organizations/invitations/invitation.entity.js';
import { InvitationsService } from '../../../src/organizations/invitations/invitations.service.js';
import type { MemberEntity } from '../../../src/organizations/members/member.entity.js';
import { OrganizationDomainsService } from '../../../src/organizations/organization-domains.service.js';
import type { OrganizationEntity } from '../../../src/organizations/organization.entity.js';
import { OrganizationsService } from '../../../src/organizations/organizations.service.js';
import type { TeamEntity } from '../../../src/organizations/teams/team.entity.js';
import { TeamsService } from '../../../src/organizations/teams/teams.service.js';
import { RoleAssignmentsService } from '../../../src/roles/role-assignments.service.js';
import type { RolePermissionEntity } from '../../../src/roles/role-permission.entity.js';
import type { RoleEntity } from '../../../src/roles/role.entity.js';
import { RolesService } from '../../../src/roles/roles.service.js';
import type { ServiceAccountEntity } from '../../../src/service-accounts/service-account.entity.js';
import { ServiceAccountsService } from '../../../src/service-accounts/service-accounts.service.js';
import type { SessionEntity } from '../../../src/sessions/session.entity.js';
import type { UserEntity } from '../../../src/users/user.entity.js';
import type { UserImportEntity } from '../../../src/user-imports/user-import.entity.js';
import { UserImportsRepository } from '../../../src/user-imports/user-imports.repository.js';
import { UserImportsService } from '../../../src/user-imports/user-imports.service.js';
import type { WebhookDeliveryEntity } from '../../../src/webhooks/deliveries/webhook-delivery.entity.js';
import type { WebhookEntity } from '../../../src/webhooks/webhook.entity.js';
import { WebhooksService } from '../../../src/webhooks/webhooks.service.js';
import { UsersService } from '../../../src/users/users.service.js';
import type { UserPasswordEntity } from '../../../src/users/user-password.entity.js';
import { authsomeDataSource } from '../../../ormconfig.js';
import { type StagedBilling, stageBilling } from '../../support/stage-billing.js';
import type { TestApp } from '../../support/test-app.js';

/** Somebody with a row in every tenant table, and everything that an attacker could know of them. */
export interface Victim {
  readonly scope: EnvScope;
  readonly user: UserEntity;
  readonly passwordHash: string;
  /** Of somebody who was deleted and can be restored. */
  readonly deletedUserId: UserEntity['id'];
  readonly session: SessionEntity;
  readonly device: DeviceEntity;
  readonly challenge: ChallengeEntity;
  readonly attemptKey: Buffer;
  readonly auditEntryId: Id<'audit_entry'>;
  readonly environment: EnvironmentEntity;
  readonly publishableKey: PublishableKeyEntity;
  /** In use. */
  readonly form: FormConfigEntity;
  /** Receives rows, and has one. */
  readonly userImport: UserImportEntity;
  /** Runs, and one of its rows has its outcome. */
  readonly runningImportId: UserImportEntity['id'];
  /** Of the same type, and not in use. */
  readonly draftForm: FormConfigEntity;
  readonly serviceAccount: ServiceAccountEntity;
  /** Owned by the user. */
  readonly organization: OrganizationEntity;
  /** Somebody who belongs to no organization. */
  readonly strangerId: UserEntity['id'];
  readonly member: MemberEntity;
  /** Waits for an answer. */
  readonly invitation: InvitationEntity;
  /** With the member in it. */
  readonly team: TeamEntity;
  /** Assigned to the user. */
  readonly role: RoleEntity;
  readonly permission: RolePermissionEntity;
  readonly webhook: WebhookEntity;
  /** The user’s, used, and in a window of its limit. */
  readonly apiKey: ShownKey;
  /** What keys of the victim may stand under. */
  readonly keyPolicy: ApiKeyPolicyEntity;
  /** The same key, as if Unkey had it. */
  readonly unkeyKey: UnkeyKey;
  /** What opens it. */
  readonly apiKeySecret: ApiKeySecretEntity;
  /** The user’s books. */
  readonly billing: StagedBilling;
  /** A dead letter about the user. */
  readonly delivery: WebhookDeliveryEntity;
  /** With nobody in it. */
  readonly emptyTeam: TeamEntity;
  /** Of the same app, and not the default one. */
  readonly otherEnvironmentId: EnvScope['envId'];
  /** Ids and values that no other tenant may be told. */
  readonly marks: readonly string[];
  readonly now: Date;
  /** For what is written with a transaction's commit. */
  readonly inTransaction: <T>(work: () => Promise<T>) => Promise<T>;
}

const FAILED_ROW = { line: 1, outcome: 'failed', user_id: null, reason: 'invalid_email' } as const;
const DELETED_USER = { email: 'gone@example.com', emailVerified: false, firstName: 'Gus', lastName: '', metadata: {} };

export async function createVictim(app: TestApp): Promise<Victim> {
  const tenant = await app.createTenant();
  const { scope } = tenant;
  const configs = app.get(AppConfigsService);
  const appScope = scopeTo.app(scope.appId);
  const by = { actor: SYSTEM_ACTOR, scope: appScope };
  await configs.putSessionConfig(appScope, { token_ttl_seconds: 600 }, by);
  await configs.putClientConfig(appScope, { app_name: 'Victim Inc.' }, by);
  const machine = { name: 'victim’s machine' };
  const serviceAccount = await app.get(ServiceAccountsService).create(appScope, machine, SYSTEM_ACTOR);
  const person = await app.api.signUp(tenant, { username: 'victim', name: 'Vera Victim' });
  const { email } = person;
  await app.api.post('/v1/signin', { tenant, body: { email, password: 'not the password' } });

  const field = { name: 'nickname', label: 'The victim’s question', type: 'text', required: false } as const;
  const forms = app.get(FormConfigsService);
  const form = await forms.create(scope, 'profile', [field], true, SYSTEM_ACTOR);
  const draftForm = await forms.create(scope, 'profile', [field], false, SYSTEM_ACTOR);

  const imports = app.get(UserImportsService);
  const owner = { kind: 'user', id: person.userId as UserEntity['id'] } as const;
  const begun = { mapping: 'authsome', onConflict: 'skip', dryRun: true } as const;
  const userImport = await imports.create(scope, begun, owner);
  await imports.receive(scope, userImport.id, [{ email: 'secret@example.com' }]);
  const running = await imports.create(scope, begun, owner);
  await imports.receive(scope, running.id, [{ email: 'secret@example.com' }]);
  await imports.start(scope, running.id, owner);

  const founder = { userId: owner.id, standing: 'owner', actor: owner } as const;
  const named = { name: 'Victim & Sons', logo: null, description: null, metadata: {} };
  const { id: orgId } = await app.get(OrganizationsService).createOwn(scope, named, owner.id, owner);
  const invited = { email: 'invited-by-the-victim@example.com', role: 'member', teamIds: [] } as const;
  const invitation = await app.get(InvitationsService).create(scope, orgId, invited, founder);
  const teams = app.get(TeamsService);
  const team = await teams.create(
    scope,
    orgId,
    { name: 'Heirs', slug: 'heirs', description: null, parentId: null },
    owner,
  );
  const nobody = { name: 'Nobody', slug: 'nobody', description: null, parentId: null };
  const emptyTeam = await teams.create(scope, orgId, nobody, owner);
  await app.get(OrganizationDomainsService).replace(scope, orgId, ['victim.example'], owner);

  const system = { actor: SYSTEM_ACTOR, userId: null };
  const roles = app.get(RolesService);
  const butler = { slug: 'victims-butler', name: 'Butler', description: null, parentId: null };
  const role = await roles.create(scope, butler, system);
  const permission = await roles.addPermission(scope, role.id, { action: 'serve', resource: 'victim' }, system);
  await app.get(RoleAssignmentsService).assign(scope, role.id, { userId: owner.id, orgId: undefined }, system);

  const terms = { name: 'The victim’s', description: '', limits: {}, allow: {}, allowedScopes: [] };
  const periods = { maxLifetimeS: null, rotationPeriodS: null, graceS: null };
  const keyPolicy = await app.get(KeyPoliciesService).create(scope, { ...terms, ...periods }, SYSTEM_ACTOR);
  const inUse = await app.get(KeyPoliciesService).create(scope, { ...terms, ...periods, name: 'In use' }, SYSTEM_ACTOR);
  const key = {
    name: 'The victim’s key',
    owner,
    policyId: inUse.id,
    scopes: ['read:victims'],
    limits: { perMinute: 10 },
  };
  const { id: keyId } = await app.get(ApiKeysService).create(scope, key, SYSTEM_ACTOR);
  const apiKey = await app.get(ApiKeysRepository).find(scope, keyId);
  if (apiKey === undefined) throw new Error('no key');
  await app.get(ApiKeysService).rotate(scope, keyId, { reason: 'manual' }, undefined, SYSTEM_ACTOR);
  const { start, lastFour } = apiKey;
  const atUnkey = {
    id: apiKey.id,
    unkeyKeyId: 'key_victim',
    ownerKind: 'user',
    ownerId: owner.id,
    start,
    lastFour,
  } as const;
  await app.get(UnkeyKeysRepository).insert(scope, atUnkey);
  const unkeyKey = await app.get(UnkeyKeysRepository).find(scope, apiKey.id);
  if (unkeyKey === undefined) throw new Error('no key at Unkey');
  const at = app.clock.now();
  const used = {
    ...scope,
    keyId: apiKey.id,
    hour: at,
    outcome: 'accepted',
    tag: 'victim',
    generation: 'current',
    count: 7,
  };
  await app
    .get(KeyUsageSystemRepository)
    .anyTenantAdd('victim', [{ ...used, lastUsedMs: at.getTime(), latency: [7] }], at);
  const window = { scope, keyId: apiKey.id, name: 'minute', limit: 10, startsAt: at, endsAt: app.clock.in(60_000) };
  await app
    .get(LeasesSystemRepository)
    .anyTenantLease({ ...window, previousStartsAt: app.clock.in(-60_000), weight: 0 }, 1, 0);

  const hook = {
    url: 'https://victim.example/hooks',
    events: ['user.*'],
    description: null,
    active: true,
    contactEmail: null,
    headers: {},
  };
  await app.get(WebhooksService).create(scope, hook, owner);

  const billing = await stageBilling(app, scope, `user:${owner.id}`);

  await app.get(BillingCustomersRepository).save(scope, 'stripe', `user:${owner.id}`, 'cus_victim');

  const stranger = { ...DELETED_USER, email: 'stranger@example.com' };
  const strangerId = (await app.get(UsersService).create(scope, stranger, owner))?.id as UserEntity['id'];
  const created = await app.get(UsersService).create(scope, DELETED_USER, owner);
  const deletedUserId = created?.id as UserEntity['id'];
  await app.get(UsersService).delete(scope, deletedUserId, owner);

  await app.get(UserImportsRepository).settle(scope, running.id, [FAILED_ROW], app.clock.now());
  await app.get(EventRelay).drain();

  // As the owner of the tables: what a row holds, no repository in between.
  const dataSource = await authsomeDataSource({ url: app.database.ownerUrl, poolSize: 1 }).initialize();
  try {
    const only = async <Row extends object>(entity: string, where: object): Promise<Row> =>
      (await dataSource.getRepository<Row>(entity).findOneByOrFail(where)) as Row;
    const inEnv = { appId: scope.appId, envId: scope.envId };
    const user = await only<UserEntity>('UserEntity', { ...inEnv, id: person.userId });
    const session = await only<SessionEntity>('SessionEntity', inEnv);
    // A trusted device, so that there is trust to take away.
    const trustedUntil = app.clock.in(86_400_000);
    await dataSource.getRepository<DeviceEntity>('DeviceEntity').update(inEnv, { trusted: true, trustedUntil });
    // One that the victim had accepted would be deleted with the victim.
    await dataSource.getRepository<InvitationEntity>('InvitationEntity').update(inEnv, { acceptedBy: owner.id });
    const device = await only<DeviceEntity>('DeviceEntity', inEnv);
    const deliveries = dataSource.getRepository<WebhookDeliveryEntity>('WebhookDeliveryEntity');
    const about = { ...inEnv, subjectId: owner.id, event: 'user.created' };
    await deliveries.update(about, { state: 'failed' });
    const delivery = await only<WebhookDeliveryEntity>('WebhookDeliveryEntity', about);
    const webhook = await only<WebhookEntity>('WebhookEntity', inEnv);
    const member = await only<MemberEntity>('MemberEntity', inEnv);
    await teams.addMember(scope, orgId, team.id, member.id, owner);
    const challenge = await only<ChallengeEntity>('ChallengeEntity', inEnv);
    const publishableKey = await only<PublishableKeyEntity>('PublishableKeyEntity', inEnv);
    await dataSource.getRepository<UserPasswordEntity>('UserPasswordEntity').update(inEnv, { contested: true });
    const { passwordHash } = await only<{ passwordHash: string }>('UserPasswordEntity', inEnv);
    return {
      scope,
      user,
      passwordHash,
      deletedUserId,
      session,
      device,
      challenge,
      publishableKey,
      form,
      draftForm,
      userImport,
      runningImportId: running.id,
      serviceAccount,
      organization: await only<OrganizationEntity>('OrganizationEntity', inEnv),
      strangerId,
      member,
      invitation,
      team,
      role,
      permission,
      emptyTeam,
      webhook,
      apiKey,
      keyPolicy,
      unkeyKey,
      apiKeySecret: await only<ApiKeySecretEntity>('ApiKeySecretEntity', { ...inEnv, kind: 'current' }),
      delivery,
      billing,
      attemptKey: (await only<{ key: Buffer }>('SignInAttemptsEntity', inEnv)).key,
      auditEntryId: (await only<{ id: Id<'audit_entry'> }>('AuditEntryEntity', { appId: scope.appId })).id,
      environment: await only<EnvironmentEntity>('EnvironmentEntity', { id: scope.envId }),
      otherEnvironmentId: (await app.environmentOf(scope.appId, 'staging')).scope.envId,
      marks: [
        apiKey.id,
        keyPolicy.id,
        apiKey.name,
        unkeyKey.unkeyKeyId,
        user.id,
        deletedUserId,
        email,
        session.id,
        device.id,
        challenge.id,
        scope.envId,
        publishableKey.key,
        passwordHash,
        form.id,
        draftForm.id,
        userImport.id,
        running.id,
        'secret@example.com',
        field.label,
        serviceAccount.id,
        orgId,
        named.name,
        member.id,
        invitation.id,
        invited.email,
        team.id,
        emptyTeam.id,
        role.id,
        permission.id,
        butler.slug,
        'victim.example',
        billing.plan.id,
        billing.meter.key,
        billing.subscription.id,
        billing.invoice.id,
        billing.coupon.voucher,
        billing.grant.id,
        billing.reservation.id,
        'cus_victim',
      ],
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
  'webhooks',
  'webhook_messages',
  'webhook_deliveries',
  'form_configs',
  'user_imports',
  'user_import_rows',
  'organizations',
  'organization_domains',
  'members',
  'invitations',
  'teams',
  'team_members',
  'roles',
  'role_permissions',
  'role_assignments',
  'billing_meters',
  'billing_plans',
  'billing_plan_versions',
  'billing_subscriptions',
  'billing_spans',
  'billing_usage_events',
  'billing_usage_rollups',
  'billing_grants',
  'billing_overrides',
  'billing_resets',
  'billing_reservations',
  'billing_coupons',
  'billing_coupon_redemptions',
  'billing_invoices',
  'billing_customers',
  'unkey_keys',
] as const;
const APP_TABLES = [
  'environments',
  'setting_values',
  'setting_changes',
  'publishable_keys',
  'service_accounts',
] as const;

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
