import { KeyPoliciesService } from '../../../src/api-keys/policies/key-policies.service.js';
import { ApiKeysService } from '../../../src/api-keys/api-keys.service.js';
import { EnvironmentsService } from '../../../src/environments/environments.service.js';
import { PublishableKeysService } from '../../../src/environments/publishable-keys.service.js';
import { AuditLogService } from '../../../src/audit/audit-log.service.js';
import { FormConfigsService } from '../../../src/form-configs/form-configs.service.js';
import { SYSTEM_ACTOR } from '../../../src/kernel/audit/audit-trail.js';
import { UserImportsService } from '../../../src/user-imports/user-imports.service.js';
import type { Id } from '../../../src/kernel/ids/id.js';
import { type AppScope, type EnvScope, scopeTo } from '../../../src/kernel/context/scope.js';
import { InvitationsService } from '../../../src/organizations/invitations/invitations.service.js';
import { MembersService } from '../../../src/organizations/members/members.service.js';
import { OrganizationsService } from '../../../src/organizations/organizations.service.js';
import { TeamsService } from '../../../src/organizations/teams/teams.service.js';
import { RolesService } from '../../../src/roles/roles.service.js';
import { ServiceAccountsService } from '../../../src/service-accounts/service-accounts.service.js';
import { type RequestOptions, type SignedIn, uniqueEmail } from '../../support/api-client.js';
import { type StagedBilling, stageBilling } from '../../support/stage-billing.js';
import { type StagedWebhook, stageWebhook } from '../../support/stage-webhook.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { UsersService } from '../../../src/users/users.service.js';
import { SYSTEM_AUTHOR, TestApp, type TestTenant } from '../../support/test-app.js';
import type { Operations, SweptOperation } from './operations.js';

/** A signed-in user and the ids of what is theirs. */
export interface Person extends SignedIn {
  readonly sessionId: string;
  readonly deviceId: string;
  readonly apiKeyId: string;
  readonly apiKey: string;
  readonly organization: StagedOrganization;
}

/** An app with two environments in which somebody lives, and its operator. */
export interface StagedApp {
  readonly appId: AppScope['appId'];
  readonly first: StagedTenant;
  readonly second: StagedTenant;
  readonly operator: string;
}

/** An environment with the ids of what belongs to it. */
export interface StagedTenant extends TestTenant, StagedWebhook {
  readonly publishableKeyId: string;
  /** A draft. */
  readonly formId: string;
  readonly keyPolicyId: string;
  readonly auditEntryId: string;
  /** Receives rows. */
  readonly importId: string;
  readonly serviceAccountId: string;
  readonly roleId: string;
  readonly permissionId: string;
  /** Of somebody who is not there. */
  readonly billing: StagedBilling;
}

/** An organization that a person owns, with another owner, an invitation that waits, and a team. */
export interface StagedOrganization {
  readonly orgId: Id<'organization'>;
  readonly memberId: string;
  readonly invitationId: string;
  readonly teamId: string;
}

/** Whose ids a call carries, and where they live. */
export interface Target {
  readonly tenant: StagedTenant;
  readonly person: Person;
}

export interface Call extends RequestOptions {
  readonly path: string;
}

const ROOMY = '1000000/1m';

/** Limits are not the subject here, neither per address nor per account. */
export const UNLIMITED = {
  ...RAISED_LIMITS,
  AUTHSOME_LIMIT_PUBLIC_READ_PER_IP: ROOMY,
  AUTHSOME_LIMIT_MAIL_PER_ADDRESS: ROOMY,
  AUTHSOME_LIMIT_CODE_GUESSES_PER_ACCOUNT: ROOMY,
  AUTHSOME_LIMIT_INVITATIONS_PER_ORGANIZATION: ROOMY,
  AUTHSOME_LIMIT_INVITATIONS_PER_ADDRESS: ROOMY,
};

/** Two apps, people in them, operators over them: everything a call of any operation can be made with. */
export class Stage {
  private constructor(
    readonly app: TestApp,
    readonly a: StagedApp,
    readonly b: StagedApp,
    readonly owner: string,
  ) {}

  static async set(app: TestApp): Promise<Stage> {
    return new Stage(app, await stageApp(app), await stageApp(app), await app.platformOwner());
  }

  /** An app of its own, for calls that change how an app behaves. */
  anotherApp(): Promise<StagedApp> {
    return stageApp(this.app);
  }

  /** @param inOrganization whether the person has an organization, which takes a while to make. */
  async person(tenant: TestTenant, inOrganization = true): Promise<Person> {
    const signedIn = await this.app.api.signUp(tenant);
    const { token } = signedIn;
    const { body } = await this.app.api.get('/v1/sessions', { token });
    const [session] = body.sessions as { id: string; device_id: string }[];
    if (session === undefined) throw new Error('signing up opened no session');
    const organization = inOrganization ? await stageOrganization(this.app, tenant, signedIn) : NO_ORGANIZATION;
    const owner = { kind: 'user', id: signedIn.userId } as const;
    const key = await this.app.get(ApiKeysService).create(tenant.scope, { name: 'Staged', owner }, SYSTEM_ACTOR);
    return {
      ...signedIn,
      sessionId: session.id,
      deviceId: session.device_id,
      apiKeyId: key.id,
      apiKey: key.rawKey,
      organization,
    };
  }

  async target(tenant: StagedTenant, inOrganization = true): Promise<Target> {
    return { tenant, person: await this.person(tenant, inOrganization) };
  }

  /** The path of an operation with the target's ids in it. */
  pathOf({ path }: SweptOperation, { tenant, person }: Target): string {
    const ids: Record<string, string> = {
      appId: tenant.scope.appId,
      envId: tenant.scope.envId,
      userId: person.userId,
      // Of the platform app: nobody, and the answer is that.
      userID: person.userId,
      serviceAccountId: tenant.serviceAccountId,
      sessionId: person.sessionId,
      deviceId: person.deviceId,
      keyId: path.startsWith('/v1/keys/') ? person.apiKeyId : tenant.publishableKeyId,
      policyId: tenant.keyPolicyId,
      formId: tenant.formId,
      importId: tenant.importId,
      entryId: tenant.auditEntryId,
      ...person.organization,
      roleId: tenant.roleId,
      permissionId: tenant.permissionId,
      webhookId: tenant.webhookId,
      // Nothing is parked there.
      consumer: 'webhooks',
      eventId: 'aevt_01jd3v3x6pe0p9m2s5f7q8w9ab',
      deliveryId: tenant.deliveryId,
      planId: tenant.billing.plan.id,
      meterId: tenant.billing.meter.id,
      subId: tenant.billing.subscription.id,
      invoiceId: tenant.billing.invoice.id,
      couponId: tenant.billing.coupon.id,
      grantId: tenant.billing.grant.id,
      reservationId: tenant.billing.reservation.id,
      featureKey: 'authsome.feature.orgs',
      key: 'session.token_ttl_seconds',
      namespace: 'session',
      provider: 'password',
      name: 'pages.css',
    };
    return path.replace(/\{(\w+)\}/g, (_, name: string) => {
      const id = ids[name];
      if (id === undefined) throw new Error(`say in stage.ts what to put for the path parameter ${name}`);
      return id;
    });
  }

  /** A call with well-formed input and no credential: only who calls decides its answer. */
  call(operation: SweptOperation, operations: Operations, target: Target): Call {
    const { body } = operation;
    return {
      path: this.pathOf(operation, target),
      query: queryOf(operation, target),
      ...(body === undefined ? {} : { body: operations.sample(body) }),
    };
  }
}

/** Books that are looked at: the app’s are no person’s concern, their own are. */
const OF_ONESELF = [
  'listSubscriptions',
  'getActiveSubscription',
  'listInvoices',
  'getInvoice',
  'getUsageSummary',
  'queryUsage',
  'listGrants',
];
const AT_A_LEVEL = ['deleteSetting', 'unenforceSetting', 'listSettingHistory'];

/** What an operation demands in its query beyond what its body and path say. */
function queryOf({ name, access, path }: SweptOperation, { tenant, person }: Target): Record<string, string> {
  return {
    ...(name === 'getClientConfig' ? { key: tenant.publishableKey } : {}),
    ...(name === 'adminBulkRevokeSessions' ? { user_id: person.userId } : {}),
    ...(OF_ONESELF.includes(name) ? { tenant_id: person.userId } : {}),
    ...(name === 'removeOverride' ? { tenant_id: person.userId, feature: 'reports' } : {}),
    ...(name === 'queryUsage' ? { meter: 'authsome.users.created' } : {}),
    ...(AT_A_LEVEL.includes(name) ? { scope: 'app', scope_id: tenant.scope.appId } : {}),
    ...(access.kind === 'permission' ? { app_id: tenant.scope.appId } : {}),
    ...(access.kind === 'operator' && access.target !== 'none' && !path.includes('{appId}')
      ? { app_id: tenant.scope.appId }
      : {}),
  };
}

export const NOBODY = { kind: 'user', id: 'ausr_01jd3v3x6pe0p9m2s5f7q8w9ab' as Id<'user'> } as const;
export const NEW_IMPORT = { mapping: 'authsome', onConflict: 'skip', dryRun: false } as const;

/** A field that nobody must fill in. */
export const NICKNAME = { name: 'nickname', label: 'Nickname', type: 'text', required: false } as const;

/** Ids of nothing. */
const NO_ORGANIZATION: StagedOrganization = {
  orgId: 'aorg_01jd3v3x6pe0p9m2s5f7q8w9ab' as Id<'organization'>,
  memberId: 'amem_01jd3v3x6pe0p9m2s5f7q8w9ab',
  invitationId: 'ainv_01jd3v3x6pe0p9m2s5f7q8w9ab',
  teamId: 'atm_01jd3v3x6pe0p9m2s5f7q8w9ab',
};

async function stageOrganization(
  app: TestApp,
  { scope }: TestTenant,
  { userId }: SignedIn,
): Promise<StagedOrganization> {
  const owner = { kind: 'user', id: userId as Id<'user'> } as const;
  const input = { name: 'Engines', logo: null, description: null, metadata: {} };
  const { id: orgId } = await app.get(OrganizationsService).createOwn(scope, input, owner.id, owner);
  const by = { userId: owner.id, standing: 'owner', actor: owner } as const;
  const named = { email: uniqueEmail(), emailVerified: true, firstName: '', lastName: '', metadata: {} };
  const colleague = await app.get(UsersService).create(scope, named, SYSTEM_ACTOR);
  if (colleague === undefined) throw new Error('no colleague');
  const member = await app.get(MembersService).add(scope, orgId, { userId: colleague.id, role: 'owner' }, by);
  const invited = { email: uniqueEmail(), role: 'member', teamIds: [] } as const;
  const invitation = await app.get(InvitationsService).create(scope, orgId, invited, by);
  const team = await app
    .get(TeamsService)
    .create(scope, orgId, { name: 'Research', slug: 'research', description: null, parentId: null }, owner);
  return { orgId, memberId: member.id, invitationId: invitation.id, teamId: team.id };
}

async function stageApp(app: TestApp): Promise<StagedApp> {
  const first = await staged(app, await app.createTenant('development'));
  const { appId } = first.scope;
  const second = await staged(app, await addEnvironment(app, appId));
  return { appId, first, second, operator: await app.operatorOf(appId) };
}

async function staged(app: TestApp, tenant: TestTenant): Promise<StagedTenant> {
  const [key] = await app.get(PublishableKeysService).ofEnvironment(tenant.scope);
  const form = await app.get(FormConfigsService).create(tenant.scope, 'signup', [NICKNAME], false, SYSTEM_ACTOR);
  const importId = (await app.get(UserImportsService).create(tenant.scope, NEW_IMPORT, NOBODY)).id;
  const { id } = await serviceAccount(app, tenant.scope);
  const { id: keyPolicyId } = await keyPolicy(app, tenant.scope);
  const by = { actor: SYSTEM_ACTOR, userId: null };
  const clerk = { slug: 'clerk', name: 'Clerk', description: null, parentId: null };
  const role = await app.get(RolesService).create(tenant.scope, clerk, by);
  const grant = { action: 'read', resource: 'ledgers' };
  const permission = await app.get(RolesService).addPermission(tenant.scope, role.id, grant, by);
  const within = scopeTo.app(tenant.scope.appId);
  const [entry] = (await app.get(AuditLogService).list(within, { envId: tenant.scope.envId }, { limit: 1 })).items;
  return {
    ...tenant,
    ...(await stageWebhook(app, tenant.scope)),
    publishableKeyId: key?.id ?? '',
    keyPolicyId,
    formId: form.id,
    importId,
    serviceAccountId: id,
    roleId: role.id,
    permissionId: permission.id,
    auditEntryId: entry?.id ?? '',
    billing: await stageBilling(app, tenant.scope, `user:${NOBODY.id}`),
  };
}

/** A machine of the app that nobody else uses. */
export function serviceAccount(app: TestApp, scope: AppScope): Promise<{ readonly id: string }> {
  const name = `machine-${uniqueEmail().slice(7, 19)}`;
  return app.get(ServiceAccountsService).create(scope, { name }, SYSTEM_ACTOR);
}

export function keyPolicy(app: TestApp, scope: EnvScope): Promise<{ readonly id: string }> {
  const terms = { name: uniqueEmail(), description: '', limits: {}, allow: {}, allowedScopes: [] };
  const periods = { maxLifetimeS: null, rotationPeriodS: null, graceS: null };
  return app.get(KeyPoliciesService).create(scope, { ...terms, ...periods }, SYSTEM_ACTOR);
}

/** Another development environment: its people get their session without a mailed code, as in the first. */
async function addEnvironment(app: TestApp, appId: StagedApp['appId']): Promise<TestTenant> {
  const environments = app.get(EnvironmentsService);
  const scope = scopeTo.app(appId);
  const input = { name: 'Second', slug: 'second', type: 'development' } as const;
  const { id } = await environments.create(scope, input, SYSTEM_AUTHOR(scope));
  const key = (await app.get(PublishableKeysService).list(scope)).find(({ envId }) => envId === id);
  if (key === undefined) throw new Error('the new environment has no publishable key');
  return { scope: scopeTo.env(appId, id), publishableKey: key.key };
}
