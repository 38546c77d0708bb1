import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { ApiDocument } from '../../src/discovery/api-document.js';
import { type Route, RoutePolicies } from '../../src/http/access/route-policies.js';
import { PROBLEM_STATUS } from '../../src/http/problems/problem-document.js';
import { problemCatalogue } from '../../src/kernel/errors/problem.js';
import { TestApp } from '../support/test-app.js';

/** Operations that clients written for Authsome call: id, method, path and status of success are theirs, not ours to change. */
const KNOWN_TO_CLIENTS: readonly (readonly [id: string, method: string, path: string, success: number])[] = [
  ['getManifest', 'GET', '/.well-known/authsome/manifest', 200],
  ['getOpenAPI', 'GET', '/.well-known/authsome/openapi', 200],
  ['adminCreateApp', 'POST', '/v1/admin/apps', 200],
  ['adminDeleteApp', 'DELETE', '/v1/admin/apps/{appId}', 200],
  ['deleteAppClientConfig', 'DELETE', '/v1/admin/apps/{appId}/client-config', 200],
  ['getAppClientConfig', 'GET', '/v1/admin/apps/{appId}/client-config', 200],
  ['setAppClientConfig', 'PUT', '/v1/admin/apps/{appId}/client-config', 200],
  ['deleteAppSessionConfig', 'DELETE', '/v1/admin/apps/{appId}/session-config', 200],
  ['getAppSessionConfig', 'GET', '/v1/admin/apps/{appId}/session-config', 200],
  ['setAppSessionConfig', 'PUT', '/v1/admin/apps/{appId}/session-config', 200],
  ['adminBulkRevokeSessions', 'DELETE', '/v1/admin/bulk/sessions', 200],
  ['adminStopImpersonation', 'POST', '/v1/admin/impersonate/stop', 200],
  ['adminImpersonate', 'POST', '/v1/admin/impersonate/{userId}', 200],
  ['adminGrantPlatformOwner', 'POST', '/v1/admin/platform/owners', 200],
  ['adminRevokePlatformOwner', 'DELETE', '/v1/admin/platform/owners/{userID}', 200],
  ['adminListServiceAccounts', 'GET', '/v1/admin/service-accounts', 200],
  ['adminCreateServiceAccount', 'POST', '/v1/admin/service-accounts', 201],
  ['adminDeleteServiceAccount', 'DELETE', '/v1/admin/service-accounts/{serviceAccountId}', 200],
  ['adminGetServiceAccount', 'GET', '/v1/admin/service-accounts/{serviceAccountId}', 200],
  ['listSettingsDefinitions', 'GET', '/v1/admin/settings/definitions', 200],
  ['listNamespaceSettingsDefinitions', 'GET', '/v1/admin/settings/definitions/{namespace}', 200],
  ['unenforceSetting', 'DELETE', '/v1/admin/settings/enforce/{key}', 200],
  ['enforceSetting', 'PUT', '/v1/admin/settings/enforce/{key}', 200],
  ['resolveSettings', 'GET', '/v1/admin/settings/resolve', 200],
  ['resolveSetting', 'GET', '/v1/admin/settings/resolve/{key}', 200],
  ['deleteSetting', 'DELETE', '/v1/admin/settings/values/{key}', 200],
  ['setSetting', 'PUT', '/v1/admin/settings/values/{key}', 200],
  ['adminGetStats', 'GET', '/v1/admin/stats', 200],
  ['adminGetUser', 'GET', '/v1/admin/users/{userId}', 200],
  ['adminBanUser', 'POST', '/v1/admin/users/{userId}/ban', 200],
  ['adminUnbanUser', 'POST', '/v1/admin/users/{userId}/unban', 200],
  ['changePassword', 'POST', '/v1/change-password', 200],
  ['getClientConfig', 'GET', '/v1/client-config', 200],
  ['listDevices', 'GET', '/v1/devices', 200],
  ['deleteDevice', 'DELETE', '/v1/devices/{deviceId}', 200],
  ['getDevice', 'GET', '/v1/devices/{deviceId}', 200],
  ['trustDevice', 'PATCH', '/v1/devices/{deviceId}/trust', 200],
  ['listEnvironments', 'GET', '/v1/environments', 200],
  ['createEnvironment', 'POST', '/v1/environments', 201],
  ['deleteEnvironment', 'DELETE', '/v1/environments/{envId}', 200],
  ['getEnvironment', 'GET', '/v1/environments/{envId}', 200],
  ['updateEnvironment', 'PATCH', '/v1/environments/{envId}', 200],
  ['cloneEnvironment', 'POST', '/v1/environments/{envId}/clone', 201],
  ['setDefaultEnvironment', 'POST', '/v1/environments/{envId}/set-default', 200],
  ['getEnvironmentSettings', 'GET', '/v1/environments/{envId}/settings', 200],
  ['updateEnvironmentSettings', 'PATCH', '/v1/environments/{envId}/settings', 200],
  ['forgotPassword', 'POST', '/v1/forgot-password', 200],
  ['getHealth', 'GET', '/v1/health', 200],
  ['introspectToken', 'POST', '/v1/introspect', 200],
  ['deleteAccount', 'DELETE', '/v1/me', 200],
  ['getMe', 'GET', '/v1/me', 200],
  ['updateMe', 'PATCH', '/v1/me', 200],
  ['listAuthMethods', 'GET', '/v1/me/auth-methods', 200],
  ['unlinkAuthMethod', 'DELETE', '/v1/me/auth-methods/{provider}', 200],
  ['exportUserData', 'GET', '/v1/me/export', 200],
  ['refreshTokens', 'POST', '/v1/refresh', 200],
  ['resetPassword', 'POST', '/v1/reset-password', 200],
  ['listSessions', 'GET', '/v1/sessions', 200],
  ['revokeSession', 'DELETE', '/v1/sessions/{sessionId}', 200],
  ['signIn', 'POST', '/v1/signin', 200],
  ['signOut', 'POST', '/v1/signout', 200],
  ['signUp', 'POST', '/v1/signup', 201],
  ['verifyEmail', 'POST', '/v1/verify-email', 200],
  ['resendEmailVerification', 'POST', '/v1/verify-email/resend', 200],
  ['adminListUsers', 'GET', '/v1/admin/users', 200],
  ['adminCopyUser', 'POST', '/v1/admin/users/copy', 200],
  ['adminCreateUser', 'POST', '/v1/admin/users/create', 200],
  ['adminDeleteUser', 'DELETE', '/v1/admin/users/{userId}', 200],
  ['adminUpdateUser', 'PATCH', '/v1/admin/users/{userId}', 200],
  ['adminBulkImportUsers', 'POST', '/v1/admin/bulk/users/import', 200],
  ['adminListOrgs', 'GET', '/v1/admin/orgs', 200],
  ['switchOrg', 'POST', '/v1/me/switch-org', 200],
  ['listOrganizations', 'GET', '/v1/orgs', 200],
  ['createOrganization', 'POST', '/v1/orgs', 201],
  ['checkOrgSlug', 'GET', '/v1/orgs/check-slug', 200],
  ['acceptInvitation', 'POST', '/v1/orgs/invitations/accept', 201],
  ['declineInvitation', 'POST', '/v1/orgs/invitations/decline', 200],
  ['deleteOrganization', 'DELETE', '/v1/orgs/{orgId}', 200],
  ['getOrganization', 'GET', '/v1/orgs/{orgId}', 200],
  ['updateOrganization', 'PATCH', '/v1/orgs/{orgId}', 200],
  ['listInvitations', 'GET', '/v1/orgs/{orgId}/invitations', 200],
  ['createInvitation', 'POST', '/v1/orgs/{orgId}/invitations', 201],
  ['listMembers', 'GET', '/v1/orgs/{orgId}/members', 200],
  ['addMember', 'POST', '/v1/orgs/{orgId}/members', 201],
  ['removeMember', 'DELETE', '/v1/orgs/{orgId}/members/{memberId}', 200],
  ['updateMember', 'PATCH', '/v1/orgs/{orgId}/members/{memberId}', 200],
  ['listTeams', 'GET', '/v1/orgs/{orgId}/teams', 200],
  ['createTeam', 'POST', '/v1/orgs/{orgId}/teams', 201],
  ['deleteTeam', 'DELETE', '/v1/orgs/{orgId}/teams/{teamId}', 200],
  ['getTeam', 'GET', '/v1/orgs/{orgId}/teams/{teamId}', 200],
  ['updateTeam', 'PATCH', '/v1/orgs/{orgId}/teams/{teamId}', 200],
  ['authsomeListRoles', 'GET', '/v1/roles', 200],
  ['authsomeCreateRole', 'POST', '/v1/roles', 201],
  ['authsomeDeleteRole', 'DELETE', '/v1/roles/{roleId}', 200],
  ['authsomeGetRole', 'GET', '/v1/roles/{roleId}', 200],
  ['authsomeUpdateRole', 'PATCH', '/v1/roles/{roleId}', 200],
  ['authsomeAssignRole', 'POST', '/v1/roles/{roleId}/assign', 200],
  ['authsomeListRolePermissions', 'GET', '/v1/roles/{roleId}/permissions', 200],
  ['authsomeAddPermission', 'POST', '/v1/roles/{roleId}/permissions', 201],
  ['authsomeRemovePermission', 'DELETE', '/v1/roles/{roleId}/permissions/{permissionId}', 200],
  ['authsomeUnassignRole', 'POST', '/v1/roles/{roleId}/unassign', 200],
  ['authsomeListUserRoles', 'GET', '/v1/users/{userId}/roles', 200],
  ['listWebhooks', 'GET', '/v1/webhooks', 200],
  ['createWebhook', 'POST', '/v1/webhooks', 201],
  ['deleteWebhook', 'DELETE', '/v1/webhooks/{webhookId}', 200],
  ['getWebhook', 'GET', '/v1/webhooks/{webhookId}', 200],
  ['updateWebhook', 'PATCH', '/v1/webhooks/{webhookId}', 200],
  ['listCoupons', 'GET', '/v1/billing/coupons', 200],
  ['createCoupon', 'POST', '/v1/billing/coupons', 201],
  ['deleteCoupon', 'DELETE', '/v1/billing/coupons/{couponId}', 204],
  ['checkEntitlement', 'GET', '/v1/billing/entitlements/{featureKey}', 200],
  ['listInvoices', 'GET', '/v1/billing/invoices', 200],
  ['getInvoice', 'GET', '/v1/billing/invoices/{invoiceId}', 200],
  ['markInvoicePaid', 'POST', '/v1/billing/invoices/{invoiceId}/pay', 204],
  ['voidInvoice', 'POST', '/v1/billing/invoices/{invoiceId}/void', 204],
  ['listBillingPlans', 'GET', '/v1/billing/plans', 200],
  ['createBillingPlan', 'POST', '/v1/billing/plans', 201],
  ['getBillingPlan', 'GET', '/v1/billing/plans/{planId}', 200],
  ['activateBillingPlan', 'POST', '/v1/billing/plans/{planId}/activate', 204],
  ['archiveBillingPlan', 'POST', '/v1/billing/plans/{planId}/archive', 204],
  ['listSubscriptions', 'GET', '/v1/billing/subscriptions', 200],
  ['createSubscription', 'POST', '/v1/billing/subscriptions', 201],
  ['getActiveSubscription', 'GET', '/v1/billing/subscriptions/active', 200],
  ['cancelSubscription', 'POST', '/v1/billing/subscriptions/{subId}/cancel', 204],
  ['changeSubscriptionPlan', 'POST', '/v1/billing/subscriptions/{subId}/change-plan', 204],
  ['pauseSubscription', 'POST', '/v1/billing/subscriptions/{subId}/pause', 204],
  ['resumeSubscription', 'POST', '/v1/billing/subscriptions/{subId}/resume', 204],
  ['getUsageSummary', 'GET', '/v1/billing/usage', 200],
  ['adminCreateServiceAccountAPIKey', 'POST', '/v1/admin/service-accounts/{serviceAccountId}/api-keys', 201],
  ['listAPIKeys', 'GET', '/v1/keys', 200],
  ['createAPIKey', 'POST', '/v1/keys', 201],
  ['revokeAPIKey', 'DELETE', '/v1/keys/{keyId}', 204],
];

/** Routes for browsers and scrapers, which no client is generated for. */
const UNDOCUMENTED = ['GET /pages/{name}', 'GET /metrics'];

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema?: object;
}

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly 'x-access'?: { readonly kind: string; readonly session?: boolean };
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Node }>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema: Node }>> }>>;
}

type Node = Readonly<Record<string, unknown>>;

const app = await TestApp.start();
const document = app.nest.get(ApiDocument).get() as unknown as {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Node>> };
};
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(
    ([method, operation]) => [operation.operationId ?? `${method} ${path}`, { method, path, operation }] as const,
  ),
);

/** Every object in the document, with where it stands. */
function* nodes(value: unknown, at = '#'): Generator<readonly [at: string, node: Node]> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield [at, value as Node];
  for (const [name, child] of Object.entries(value)) yield* nodes(child, `${at}/${name}`);
}

function typesOf({ type }: Node): readonly unknown[] {
  return Array.isArray(type) ? type : [type];
}

describe('the OpenAPI document', () => {
  let routes: readonly Route[];

  beforeAll(() => {
    routes = app.nest.get(RoutePolicies).routes;
  });
  afterAll(() => app.close());

  it('is valid OpenAPI 3.1', async () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });

  it('holds every route but those that are not for clients', () => {
    const documented = new Set(operations.map(([, { method, path }]) => `${method.toUpperCase()} ${path}`));
    const missing = routes
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
      .filter((route) => !documented.has(route));
    expect(missing).toEqual(UNDOCUMENTED);
  });

  it('gives every operation an id of its own', () => {
    const ids = operations.map(([, { operation }]) => operation.operationId);
    expect(ids.filter((id, index) => id === undefined || ids.indexOf(id) !== index)).toEqual([]);
  });

  it('refers to nothing that is not in it', () => {
    for (const [at, { $ref }] of nodes(document)) {
      if (typeof $ref !== 'string') continue;
      const target = $ref
        .slice(2)
        .split('/')
        .reduce<unknown>((node, name) => (node as Node | undefined)?.[name], document);
      if (target === undefined) throw new Error(`${at} refers to ${$ref}`);
    }
  });

  it('types every value that it constrains: a text stays a text whatever the compiler says of it', () => {
    const ofTexts = ['minLength', 'maxLength', 'pattern', 'format'];
    const wrong = [...nodes(document)]
      .filter(([, node]) => ofTexts.some((keyword) => typeof node[keyword] !== 'undefined' && 'type' in node))
      .filter(([, node]) => !typesOf(node).includes('string'))
      .map(([at]) => at);
    expect(wrong).toEqual([]);
  });

  it('shows examples that fit', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    for (const [at, node] of nodes(document.components.schemas)) {
      // A property may be named so, too.
      if (!('example' in node) || at.endsWith('/properties')) continue;
      expect([at, ajv.validate({ ...node, example: undefined }, node.example)]).toEqual([at, true]);
    }
  });

  it('says in the manifest what the guard enforces', async () => {
    const { body } = await app.api.get('/.well-known/authsome/manifest');
    const endpoints = body.endpoints as { method: string; path: string; auth: boolean; operation?: string }[];
    expect(endpoints.map(({ method, path, auth }) => [method, path, auth])).toEqual(
      routes.map(({ method, path, policy }) => [method, path, policy.access.kind !== 'public']),
    );
    expect(endpoints.flatMap(({ operation }) => operation ?? []).sort()).toEqual(operations.map(([id]) => id).sort());
  });

  it.each(KNOWN_TO_CLIENTS)('keeps %s where clients expect it', (id, method, path, success) => {
    const operation = document.paths[path]?.[method.toLowerCase()];
    expect(operation?.operationId).toBe(id);
    expect(Object.keys(operation?.responses ?? {})).toContain(String(success));
  });

  describe.each(operations)('%s', (_id, { method, path, operation }) => {
    const { responses, parameters = [] } = operation;
    const access = operation['x-access'];

    it('has a summary, a tag and one success', () => {
      expect(operation.summary).toMatch(/^[A-Z][^.]{2,}$/);
      expect(operation.tags).toHaveLength(1);
      expect(Object.keys(responses).filter((status) => status.startsWith('2'))).toHaveLength(1);
    });

    it('says which credential it takes, as the guard does', () => {
      const route = routes.find(
        (candidate) => candidate.method === method.toUpperCase() && candidate.path.replace(/:(\w+)/g, '{$1}') === path,
      );
      expect(access).toEqual(route?.policy.access);
      const credentials = access?.kind === 'key' ? [] : [{ session: [] }, { cookie: [] }];
      const keys = route?.policy.scopes === undefined ? [] : [{ key: [] }];
      if (access?.kind === 'public') expect(operation.security).toEqual(access.session ? [{}, ...credentials] : []);
      else expect(operation.security).toEqual([...credentials, ...keys]);
    });

    it('declares each parameter of its path, and each parameter once', () => {
      const inPath = parameters.filter((parameter) => parameter.in === 'path');
      expect(inPath.map(({ name }) => name).sort()).toEqual(
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort(),
      );
      expect(inPath.every(({ required }) => required === true)).toBe(true);
      expect(parameters.every(({ schema }) => schema !== undefined)).toBe(true);
      const keys = parameters.map((parameter) => `${parameter.in} ${parameter.name}`);
      expect(keys).toEqual([...new Set(keys)]);
    });

    it('documents the errors that any such operation may answer with', () => {
      const statuses = Object.keys(responses);
      const expected = ['431', '500', '415'];
      if (access?.kind !== 'public') expected.push('401', '403');
      if (method !== 'get') expected.push('400', '413');
      if (path.includes('{')) expected.push('400');
      expect(statuses).toEqual(expect.arrayContaining(expected));
    });

    it('answers errors with problem documents of declared types', () => {
      const known = new Map(problemCatalogue().map(({ code, kind }) => [code, PROBLEM_STATUS[kind]]));
      for (const [status, { content = {} }] of Object.entries(responses)) {
        const schema = content['application/problem+json']?.schema as
          { allOf: [Node, { properties: { type: { enum: string[] } } }] } | undefined;
        if (Number(status) >= 400 && content['application/json'] === undefined) expect(schema).toBeDefined();
        for (const type of schema?.allOf[1].properties.type.enum ?? []) {
          expect([type, known.get(type)]).toEqual([type, Number(status)]);
        }
      }
    });
  });
});
