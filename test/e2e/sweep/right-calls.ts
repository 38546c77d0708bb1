import { randomBytes } from 'node:crypto';
import { ApiKeysService } from '../../../src/api-keys/api-keys.service.js';
import { AppConfigsService } from '../../../src/apps/app-configs.service.js';
import { TOKEN_TTL } from '../../../src/apps/tenant-settings.js';
import { PlansService } from '../../../src/billing/plans/plans.service.js';
import { SubscriptionsService } from '../../../src/billing/subscriptions/subscriptions.service.js';
import { EnvironmentsService } from '../../../src/environments/environments.service.js';
import { PromotionsService } from '../../../src/environments/promotions.service.js';
import { PublishableKeysService } from '../../../src/environments/publishable-keys.service.js';
import { FormConfigsService } from '../../../src/form-configs/form-configs.service.js';
import { SYSTEM_ACTOR } from '../../../src/kernel/audit/audit-trail.js';
import { type EnvScope, scopeTo } from '../../../src/kernel/context/scope.js';
import { EventFeedSystemRepository } from '../../../src/kernel/events/event-feed.system-repository.js';
import { IdGenerator, type Id } from '../../../src/kernel/ids/id.js';
import { OperatorsService } from '../../../src/operators/operators.service.js';
import { OrganizationDomainsService } from '../../../src/organizations/organization-domains.service.js';
import { RoleAssignmentsService } from '../../../src/roles/role-assignments.service.js';
import { RolesService } from '../../../src/roles/roles.service.js';
import { settingPlace } from '../../../src/settings/setting-place.js';
import { SettingsService } from '../../../src/settings/settings.service.js';
import { UserImportsService } from '../../../src/user-imports/user-imports.service.js';
import { UsersService } from '../../../src/users/users.service.js';
import { type SignedIn, uniqueEmail } from '../../support/api-client.js';
import { FakeGithub } from '../../support/fake-github.js';
import { tokenOf } from '../../support/recording-mailer.js';
import { type StagedBilling, stageBilling } from '../../support/stage-billing.js';
import { stageWebhook } from '../../support/stage-webhook.js';
import { SYSTEM_AUTHOR, TestApp, type TestTenant } from '../../support/test-app.js';
import type { Operations, SweptOperation } from './operations.js';
import {
  type Call,
  keyPolicy,
  NEW_IMPORT,
  NICKNAME,
  NOBODY,
  serviceAccount,
  type Stage,
  type StagedApp,
  type Target,
  UNLIMITED,
} from './stage.js';

export interface RightCall extends Call {
  /** Where to call; the stage's service unless the operation needs one in another state. */
  readonly on?: TestApp;
  /** Where the right caller is refused all the same, the documented refusal. */
  readonly refusal?: number;
}

type Fixture = (target: Target, stage: Stage) => Promise<Partial<RightCall>> | Partial<RightCall>;

/** Books that nobody else uses. @param userId whose; somebody’s who is not there when absent. */
function booksOf({ scope }: TestTenant, app: TestApp, userId?: string): Promise<StagedBilling> {
  return stageBilling(app, scope, `user:${userId ?? app.get(IdGenerator).next('user')}`);
}

const onSubscription = async (
  { tenant }: Target,
  { app }: Stage,
  step: 'cancel' | 'pause',
): Promise<Partial<RightCall>> => ({
  path: `/v1/billing/subscriptions/${(await booksOf(tenant, app)).subscription.id}/${step}`,
});

const storedSessionConfig: Fixture = async ({ tenant }, { app }) => {
  const scope = scopeTo.app(tenant.scope.appId);
  await app.get(AppConfigsService).putSessionConfig(scope, { token_ttl_seconds: 600 }, SYSTEM_AUTHOR(scope));
  return {};
};

const storedClientConfig: Fixture = async ({ tenant }, { app }) => {
  const scope = scopeTo.app(tenant.scope.appId);
  await app.get(AppConfigsService).putClientConfig(scope, { app_name: 'Acme' }, SYSTEM_AUTHOR(scope));
  return {};
};

/** An environment that nobody else uses. */
async function newEnvironment({ scope }: TestTenant, app: TestApp): Promise<EnvScope['envId']> {
  const within = scopeTo.app(scope.appId);
  const slug = `env-${uniqueEmail().slice(7, 19)}`;
  const input = { name: 'Throwaway', slug, type: 'development' } as const;
  return (await app.get(EnvironmentsService).create(within, input, SYSTEM_AUTHOR(within))).id;
}

const storedSetting =
  (enforced: boolean): Fixture =>
  async ({ tenant }, { app }) => {
    const scope = scopeTo.app(tenant.scope.appId);
    const input = { definition: TOKEN_TTL, value: 600, enforced };
    await app.get(SettingsService).write(settingPlace.app(scope), [input], SYSTEM_AUTHOR(scope));
    return {};
  };

/** A form that nobody else uses, with a field that nobody must fill in. */
function newForm(action: string, active: boolean): Fixture {
  return async ({ tenant }, { app }) => {
    const { id } = await app.get(FormConfigsService).create(tenant.scope, 'profile', [NICKNAME], active, SYSTEM_ACTOR);
    return { path: `/v1/environments/${tenant.scope.envId}/form-configs/${id}/${action}`.replace(/\/$/, '') };
  };
}

/** An import that nobody else uses. */
function newImport(action: string): Fixture {
  return async ({ tenant }, { app }) => {
    const { id } = await app.get(UserImportsService).create(tenant.scope, NEW_IMPORT, NOBODY);
    return { path: `/v1/admin/user-imports/${id}${action}` };
  };
}

/** Asks for another address, and hands over the secret of the mail that follows. */
function emailChange(purpose: 'change_email' | 'email_change_notice'): Fixture {
  return async ({ person }, { app }) => {
    const email = uniqueEmail();
    await app.api.post('/v1/me/change-email', { token: person.token, body: { email } });
    await app.drain();
    return { body: { token: tokenOf(app.mailer.last(purpose === 'change_email' ? email : person.email, purpose)) } };
  };
}

const ROLE_MANAGER = { actor: SYSTEM_ACTOR, userId: null } as const;

/** A role that nobody else uses, with a permission. */
async function newRole({ tenant: { scope } }: Target, app: TestApp): Promise<{ id: string; permissionId: string }> {
  const slug = `role-${uniqueEmail().slice(7, 19)}`;
  const input = { slug, name: 'Throwaway', description: null, parentId: null };
  const { id } = await app.get(RolesService).create(scope, input, ROLE_MANAGER);
  const grant = { action: 'read', resource: 'ledgers' };
  return { id, permissionId: (await app.get(RolesService).addPermission(scope, id, grant, ROLE_MANAGER)).id };
}

async function verified({ userId, email }: SignedIn, { scope }: TestTenant, app: TestApp): Promise<void> {
  await app.get(UsersService).verifyEmail(scope, userId as Id<'user'>, email, SYSTEM_ACTOR);
}

/** Invites an address to an organization of somebody else's, and hands over the secret of the mail that follows. */
async function invitationTo(email: string, tenant: TestTenant, app: TestApp): Promise<string> {
  const { token } = await app.api.signUp(tenant);
  const { body } = await app.api.post('/v1/orgs', { token, body: { name: 'Inviters' } });
  await app.api.post(`/v1/orgs/${body.id as string}/invitations`, { token, body: { email } });
  await app.drain();
  return tokenOf(app.mailer.last(email, 'organization_invitation'));
}

/** Somebody who operates an app of their own. */
async function operatorId(app: TestApp): Promise<Id<'user'>> {
  const { scope } = await app.createTenant();
  const operator = { email: uniqueEmail(), password: 'a long passphrase' };
  return (await app.get(OperatorsService).create(operator, scope.appId)).id;
}

/** What operations need beyond a well-formed call by the right caller. One that is not listed needs nothing more. */
const FIXTURES: Readonly<Record<string, Fixture>> = {
  adminCreateApp: () => ({ body: { name: 'Acme', slug: `app-${uniqueEmail().slice(7, 19)}` } }),
  createEnvironment: () => ({
    body: { name: 'Preview', slug: `env-${uniqueEmail().slice(7, 19)}`, type: 'development' },
  }),
  deleteEnvironment: async ({ tenant }, { app }) => ({ path: `/v1/environments/${await newEnvironment(tenant, app)}` }),
  cloneEnvironment: () => ({ body: { name: 'Copy', slug: `env-${uniqueEmail().slice(7, 19)}`, type: 'development' } }),
  planPromotion: async ({ tenant }, { app }) => ({ body: { target_env_id: await newEnvironment(tenant, app) } }),
  promoteEnvironment: async ({ tenant }, { app }) => {
    const request = { source: tenant.scope.envId, target: await newEnvironment(tenant, app) };
    const { planId } = await app.get(PromotionsService).plan(scopeTo.app(tenant.scope.appId), request);
    return { body: { target_env_id: request.target, plan_id: planId } };
  },
  retirePublishableKey: async ({ tenant }, { app }) => {
    const key = await app.get(PublishableKeysService).add(tenant.scope, 'development', SYSTEM_ACTOR);
    return { path: `/v1/environments/${tenant.scope.envId}/publishable-keys/${key.id}` };
  },
  activateFormConfig: newForm('activate', false),
  deactivateFormConfig: newForm('deactivate', true),
  deleteFormConfig: newForm('', false),
  startUserImport: newImport('/start'),
  cancelUserImport: newImport(''),
  addUserImportRows: async (target, stage) => ({
    ...(await newImport('/rows')(target, stage)),
    payload: 'email\nada@example.com\n',
    headers: { 'content-type': 'text/csv' },
  }),
  // Of everybody whom the sweep has made, each export would be longer than the one before.
  exportUsers: async ({ tenant }, { app }) => ({
    query: { app_id: tenant.scope.appId, env_id: await newEnvironment(tenant, app) },
  }),
  exportAuditEntries: ({ tenant }) => ({ query: { app_id: tenant.scope.appId, request_id: 'a-request-of-nobody' } }),
  adminCreateUser: () => ({ body: { email: uniqueEmail() } }),
  adminCopyUser: ({ person, tenant }, { a }) => ({
    body: { source_user_id: person.userId, target_app_id: tenant.scope.appId, env_id: a.second.scope.envId },
  }),
  adminRestoreUser: async ({ person, tenant }, { app }) => {
    await app.get(UsersService).delete(tenant.scope, person.userId as Id<'user'>, NOBODY);
    return {};
  },
  setSetting: ({ tenant }) => ({ body: { scope: 'app', scope_id: tenant.scope.appId, value: 600 } }),
  enforceSetting: ({ tenant }) => ({ body: { scope: 'app', scope_id: tenant.scope.appId, value: 600 } }),
  deleteSetting: storedSetting(false),
  unenforceSetting: storedSetting(true),
  resolveSetting: ({ tenant }) => ({ query: { app_id: tenant.scope.appId } }),
  resolveSettings: ({ tenant }) => ({ query: { app_id: tenant.scope.appId } }),
  getAppSessionConfig: storedSessionConfig,
  deleteAppSessionConfig: storedSessionConfig,
  getAppClientConfig: storedClientConfig,
  deleteAppClientConfig: storedClientConfig,
  signUp: () => ({ body: { email: uniqueEmail(), password: 'correct horse battery staple' } }),
  signIn: ({ person }) => ({ body: { email: person.email, password: person.password } }),
  refreshTokens: ({ person }) => ({ body: { refresh_token: person.refreshToken } }),
  introspectToken: ({ person }) => ({ body: { token: person.token } }),
  reauthenticate: ({ person }) => ({ body: { password: person.password } }),
  changePassword: ({ person }) => ({
    body: { current_password: person.password, new_password: 'another long passphrase' },
  }),
  changeEmail: () => ({ body: { email: uniqueEmail() } }),
  confirmEmailChange: emailChange('change_email'),
  undoEmailChange: emailChange('email_change_notice'),
  verifyEmail: async ({ person }, { app }) => {
    await app.drain();
    return { body: { email: person.email, code: app.mailer.last(person.email, 'verify_email').code } };
  },
  resetPassword: async ({ person, tenant }, { app }) => {
    await app.api.post('/v1/forgot-password', { tenant, body: { email: person.email } });
    await app.drain();
    const token = tokenOf(app.mailer.last(person.email, 'reset_password'));
    return { body: { token, new_password: 'another long passphrase' } };
  },
  // The password is the one way in there is, and nobody may lock themselves out (R143).
  unlinkAuthMethod: () => ({ refusal: 400 }),
  adminGrantPlatformOwner: async (_, { app }) => ({ body: { user_id: await operatorId(app) } }),
  adminRevokePlatformOwner: async (_, { app }) => {
    const userId = await operatorId(app);
    await app.get(OperatorsService).grant({ userId }, 'every_app', SYSTEM_ACTOR);
    return { path: `/v1/admin/platform/owners/${userId}` };
  },
  adminListOperators: ({ tenant }) => ({ query: { app_id: tenant.scope.appId } }),
  adminGrantApp: async ({ tenant }, { app }) => ({
    body: { user_id: await operatorId(app), app_id: tenant.scope.appId },
  }),
  adminRevokeOperator: async (_, { app }) => ({ path: `/v1/admin/operators/${await operatorId(app)}` }),
  adminCreateServiceAccount: () => ({ body: { name: `machine-${uniqueEmail().slice(7, 19)}` } }),
  adminDeleteServiceAccount: async ({ tenant }, { app }) => ({
    path: `/v1/admin/service-accounts/${(await serviceAccount(app, tenant.scope)).id}`,
  }),
  createAPIKey: () => ({ body: { name: 'CI' } }),
  adminImportAPIKeys: ({ person }) => ({
    body: { keys: [{ name: 'From before', hash: randomBytes(32).toString('hex'), user_id: person.userId }] },
  }),
  createAPIKeyPolicy: () => ({ body: { name: uniqueEmail() } }),
  deleteAPIKeyPolicy: async ({ tenant }, { app }) => ({
    path: `/v1/keys/policies/${(await keyPolicy(app, tenant.scope)).id}`,
  }),
  verifyAPIKey: () => ({ body: { key: 'none' } }),
  reportLeakedAPIKeys: async () => {
    const github = await FakeGithub.open();
    const on = await TestApp.start({ env: { ...UNLIMITED, ...github.env } });
    return { on, body: [], headers: github.headersFor('[]') };
  },
  reactivateAPIKey: async ({ tenant, person }, { app }) => {
    await app.get(ApiKeysService).suspend(tenant.scope, person.apiKeyId, undefined, SYSTEM_ACTOR);
    return {};
  },
  adminCreateServiceAccountAPIKey: () => ({ body: { name: 'CI' } }),
  adminImpersonate: () => ({ body: { reason: 'ticket 4711' } }),
  adminStopImpersonation: async ({ person, tenant: { scope } }, { app, a }) => {
    const { body } = await app.api.post(`/v1/admin/impersonate/${person.userId}`, {
      token: a.operator,
      query: { app_id: scope.appId },
      body: { reason: 'ticket 4711' },
    });
    return { token: body.session_token as string };
  },
  authsomeCreateRole: () => ({ body: { name: 'Clerk', slug: `clerk-${uniqueEmail().slice(7, 19)}` } }),
  authsomeDeleteRole: async (target, { app }) => ({ path: `/v1/roles/${(await newRole(target, app)).id}` }),
  authsomeAddPermission: () => ({ body: { action: `act-${uniqueEmail().slice(7, 19)}`, resource: 'ledgers' } }),
  authsomeRemovePermission: async (target, { app }) => {
    const { id, permissionId } = await newRole(target, app);
    return { path: `/v1/roles/${id}/permissions/${permissionId}` };
  },
  authsomeAssignRole: ({ person }) => ({ body: { user_id: person.userId } }),
  authsomeUnassignRole: async ({ tenant, person }, { app }) => {
    const target = { userId: person.userId as Id<'user'>, orgId: undefined };
    await app.get(RoleAssignmentsService).assign(tenant.scope, tenant.roleId as Id<'role'>, target, ROLE_MANAGER);
    return { body: { user_id: person.userId } };
  },
  checkPermission: () => ({ body: { action: 'read', resource: 'ledgers' } }),
  createOrganization: () => ({ body: { name: 'Engines' } }),
  adminCreateOrganization: ({ person }) => ({ body: { name: 'Engines', owner_id: person.userId } }),
  checkOrgSlug: () => ({ query: { slug: 'engines' } }),
  addMember: async ({ tenant }, { app }) => ({ body: { user_id: (await app.api.signUp(tenant)).userId } }),
  transferOrganization: ({ person }) => ({ body: { member_id: person.organization.memberId } }),
  joinOrganization: async ({ person: { organization }, tenant }, { app }) => {
    const domain = `${uniqueEmail().slice(7, 19)}.example`;
    const newcomer = await app.api.signUp(tenant, { email: `ada@${domain}` });
    await verified(newcomer, tenant, app);
    await app.get(OrganizationDomainsService).replace(tenant.scope, organization.orgId, [domain], SYSTEM_ACTOR);
    return { token: newcomer.token };
  },
  createInvitation: () => ({ body: { email: uniqueEmail() } }),
  createInvitations: () => ({ body: { invitations: [{ email: uniqueEmail() }] } }),
  acceptInvitation: async ({ person, tenant }, { app }) => {
    await verified(person, tenant, app);
    return { body: { token: await invitationTo(person.email, tenant, app) } };
  },
  declineInvitation: async ({ tenant }, { app }) => ({
    body: { token: await invitationTo(uniqueEmail(), tenant, app) },
  }),
  lookUpInvitation: async ({ tenant }, { app }) => ({
    body: { token: await invitationTo(uniqueEmail(), tenant, app) },
  }),
  createTeam: () => ({ body: { name: 'Sales', slug: 'sales' } }),
  addTeamMember: ({ person }) => ({ body: { member_id: person.organization.memberId } }),
  removeTeamMember: async ({ person: { token, organization } }, { app }) => {
    const { orgId, teamId, memberId } = organization;
    await app.api.post(`/v1/orgs/${orgId}/teams/${teamId}/members`, { token, body: { member_id: memberId } });
    return {};
  },
  adminRetryParkedEvent: async (_, { app }) => {
    const feed = app.get(EventFeedSystemRepository);
    const [fact] = await feed.anyTenantNext({ txId: '0', sequence: '0' }, 1);
    if (fact === undefined) throw new Error('nothing has happened yet');
    await feed.anyTenantPark('webhooks', fact, 'refused', app.clock.now());
    return { path: `/v1/admin/parked-events/webhooks/${fact.id}/retry` };
  },
  createWebhook: () => ({ body: { url: 'https://receiver.example/hooks', events: ['user.*'] } }),
  deleteWebhook: async ({ tenant }, { app }) => {
    const { webhookId } = await stageWebhook(app, tenant.scope);
    return { path: `/v1/webhooks/${webhookId}` };
  },
  replayWebhookEvents: () => ({ body: { from: '2030-01-01T00:00:00Z' } }),
  adminPutOrganizationDomains: () => ({ body: { domains: [] } }),
  createBillingPlan: () => ({ body: { name: 'Business', slug: `plan-${uniqueEmail().slice(7, 19)}` } }),
  activateBillingPlan: async ({ tenant }, { app }) => {
    const { plan } = await booksOf(tenant, app);
    await app.get(PlansService).archive(tenant.scope, plan.id, SYSTEM_ACTOR);
    return { path: `/v1/billing/plans/${plan.id}/activate` };
  },
  archiveBillingPlan: async ({ tenant }, { app }) => ({
    path: `/v1/billing/plans/${(await booksOf(tenant, app)).plan.id}/archive`,
  }),
  createMeter: () => ({ body: { key: `calls.${uniqueEmail().slice(7, 19)}`, aggregation: 'sum' } }),
  deleteMeter: async ({ tenant }, { app }) => ({
    path: `/v1/billing/meters/${(await booksOf(tenant, app)).meter.id}`,
  }),
  createSubscription: ({ tenant, person }) => ({
    body: { tenant_id: person.userId, plan_id: tenant.billing.plan.id },
  }),
  getActiveSubscription: async ({ tenant, person }, { app }) => {
    await booksOf(tenant, app, person.userId);
    return {};
  },
  changeSubscriptionPlan: ({ tenant }) => ({ body: { new_plan_id: tenant.billing.plan.id } }),
  cancelSubscription: (target, stage) => onSubscription(target, stage, 'cancel'),
  pauseSubscription: (target, stage) => onSubscription(target, stage, 'pause'),
  resumeSubscription: async ({ tenant }, { app }) => {
    const { subscription } = await booksOf(tenant, app);
    await app.get(SubscriptionsService).pause(tenant.scope, subscription.id, SYSTEM_ACTOR);
    return { path: `/v1/billing/subscriptions/${subscription.id}/resume` };
  },
  redeemCoupon: async ({ tenant }, { app }) => {
    const { subscription, coupon } = await booksOf(tenant, app);
    return { path: `/v1/billing/subscriptions/${subscription.id}/coupon`, body: { code: coupon.voucher } };
  },
  getInvoice: async ({ tenant, person }, { app }) => ({
    path: `/v1/billing/invoices/${(await booksOf(tenant, app, person.userId)).invoice.id}`,
  }),
  markInvoicePaid: async ({ tenant }, { app }) => ({
    path: `/v1/billing/invoices/${(await booksOf(tenant, app)).invoice.id}/pay`,
  }),
  voidInvoice: async ({ tenant }, { app }) => ({
    path: `/v1/billing/invoices/${(await booksOf(tenant, app)).invoice.id}/void`,
  }),
  createCoupon: () => ({ body: { code: uniqueEmail().slice(7, 19), type: 'percentage', percentage: 10 } }),
  deleteCoupon: async ({ tenant }, { app }) => ({
    path: `/v1/billing/coupons/${(await booksOf(tenant, app)).coupon.id}`,
  }),
  checkEntitlements: () => ({ body: { features: ['authsome.feature.sso'] } }),
  ingestUsage: ({ person }) => ({
    body: { events: [{ id: uniqueEmail(), source: '/shop', type: 'api.calls', subject: person.userId }] },
  }),
  resetUsage: async ({ tenant, person }, { app }) => ({
    body: { tenant_id: person.userId, feature: (await booksOf(tenant, app, person.userId)).meter.key },
  }),
  createGrant: ({ person }) => ({ body: { tenant_id: person.userId, feature: 'api.calls', amount: 10 } }),
  voidGrant: async ({ tenant }, { app }) => ({
    path: `/v1/billing/grants/${(await booksOf(tenant, app)).grant.id}`,
  }),
  setOverride: ({ person }) => ({ body: { tenant_id: person.userId, feature: 'reports', limit: 1 } }),
  removeOverride: async ({ tenant, person }, { app }) => {
    await booksOf(tenant, app, person.userId);
    return {};
  },
  createReservation: ({ person }) => ({ body: { tenant_id: person.userId, feature: 'api.calls' } }),
  commitReservation: async ({ tenant }, { app }) => ({
    path: `/v1/billing/reservations/${(await booksOf(tenant, app)).reservation.id}/commit`,
  }),
  releaseReservation: async ({ tenant }, { app }) => ({
    path: `/v1/billing/reservations/${(await booksOf(tenant, app)).reservation.id}`,
  }),
  setUp: async () => {
    const on = await TestApp.start({ env: UNLIMITED });
    const token = await on.get(OperatorsService).drawSetupToken();
    return { on, body: { token, email: uniqueEmail(), password: 'correct horse battery staple' } };
  },
};

/** Makes the calls that must succeed: by the right caller, with the smallest body, about what they may see. */
export class RightCalls {
  constructor(
    private readonly stage: Stage,
    private readonly operations: Operations,
  ) {}

  /** @returns a call for a person of its own, or an app of its own, so that no call disturbs another. */
  async make(operation: SweptOperation): Promise<RightCall> {
    const staged = operation.path.includes('{appId}') ? await this.stage.anotherApp() : this.stage.a;
    const target = await this.stage.target(staged.first, operation.path.includes('{orgId}'));
    const call = this.stage.call(operation, this.operations, target);
    const fixture = await FIXTURES[operation.name]?.(target, this.stage);
    return { ...call, ...this.caller(operation, target, staged), ...fixture };
  }

  private caller({ access }: SweptOperation, { person, tenant }: Target, { operator }: StagedApp): Partial<Call> {
    switch (access.kind) {
      case 'session':
      case 'organization':
        return { token: person.token };
      case 'permission':
        return { token: operator };
      case 'key':
        return { token: person.apiKey };
      case 'operator':
        return { token: access.reach === 'every_app' ? this.stage.owner : operator };
      case 'public':
        return access.tenant === 'none' ? {} : { tenant };
    }
  }
}
