import { randomBytes } from 'node:crypto';
import { ApiKeysRepository } from '../../../src/api-keys/api-keys.repository.js';
import { LeakedSecretsRepository } from '../../../src/api-keys/leaks/leaked-secrets.repository.js';
import { KeyPoliciesRepository } from '../../../src/api-keys/policies/key-policies.repository.js';
import { KeyRotationsRepository } from '../../../src/api-keys/rotations/key-rotations.repository.js';
import { KeyUsageRepository } from '../../../src/api-keys/usage/key-usage.repository.js';
import { AuditLogRepository } from '../../../src/audit/audit-log.repository.js';
import { ChallengesRepository } from '../../../src/auth/challenges/challenges.repository.js';
import { SignInAttemptsRepository } from '../../../src/auth/sign-in/sign-in-attempts.repository.js';
import { BillingCustomersRepository } from '../../../src/billing-bridge/dispatch/billing-customers.repository.js';
import { CouponsRepository } from '../../../src/billing/coupons/coupons.repository.js';
import { EntitlementsRepository } from '../../../src/billing/entitlements/entitlements.repository.js';
import { AllowancesRepository } from '../../../src/billing/grants/allowances.repository.js';
import { GrantsRepository } from '../../../src/billing/grants/grants.repository.js';
import { InvoicesRepository } from '../../../src/billing/invoices/invoices.repository.js';
import { SeatCountsRepository } from '../../../src/billing/invoices/seat-counts.repository.js';
import { MetersRepository } from '../../../src/billing/meters/meters.repository.js';
import { PlansRepository } from '../../../src/billing/plans/plans.repository.js';
import { SpansRepository } from '../../../src/billing/subscriptions/spans.repository.js';
import { SubscriptionsRepository } from '../../../src/billing/subscriptions/subscriptions.repository.js';
import { UsageRepository } from '../../../src/billing/usage/usage.repository.js';
import { DevicesRepository } from '../../../src/devices/devices.repository.js';
import { EnvironmentsRepository } from '../../../src/environments/environments.repository.js';
import { PublishableKeysRepository } from '../../../src/environments/publishable-keys.repository.js';
import { FormConfigsRepository } from '../../../src/form-configs/form-configs.repository.js';
import { AuditRepository } from '../../../src/kernel/audit/audit.repository.js';
import type { AppScope, EnvScope } from '../../../src/kernel/context/scope.js';
import { ID_PREFIXES, type IdKind } from '../../../src/kernel/ids/id-prefixes.js';
import type { Id } from '../../../src/kernel/ids/id.js';
import { UnkeyKeysRepository } from '../../../src/keys-bridge/unkey/unkey-keys.repository.js';
import { InvitationsRepository } from '../../../src/organizations/invitations/invitations.repository.js';
import { MembersRepository } from '../../../src/organizations/members/members.repository.js';
import { OrganizationDomainsRepository } from '../../../src/organizations/organization-domains.repository.js';
import { OrganizationsRepository } from '../../../src/organizations/organizations.repository.js';
import { TeamMembersRepository } from '../../../src/organizations/teams/team-members.repository.js';
import { TeamsRepository } from '../../../src/organizations/teams/teams.repository.js';
import { RoleAssignmentsRepository } from '../../../src/roles/role-assignments.repository.js';
import { RolePermissionsRepository } from '../../../src/roles/role-permissions.repository.js';
import { RolesRepository } from '../../../src/roles/roles.repository.js';
import { SessionsRepository } from '../../../src/sessions/sessions.repository.js';
import { STAT_METRICS } from '../../../src/stats/stat-counter.entity.js';
import { StatsRepository } from '../../../src/stats/stats.repository.js';
import type { UserImportEntity } from '../../../src/user-imports/user-import.entity.js';
import { UserImportsRepository } from '../../../src/user-imports/user-imports.repository.js';
import { type BulkUserRow, BulkUsersRepository } from '../../../src/users/bulk-users.repository.js';
import type { UserEntity } from '../../../src/users/user.entity.js';
import { UserLifecycleRepository } from '../../../src/users/user-lifecycle.repository.js';
import { UserSearchRepository } from '../../../src/users/user-search.repository.js';
import { UserTracesRepository } from '../../../src/users/user-traces.repository.js';
import { ServiceAccountsRepository } from '../../../src/service-accounts/service-accounts.repository.js';
import { DeliveriesRepository } from '../../../src/webhooks/deliveries/deliveries.repository.js';
import { EventFeedRepository } from '../../../src/webhooks/feed/event-feed.repository.js';
import { WebhooksRepository } from '../../../src/webhooks/webhooks.repository.js';
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
const NO_TERMS = { period: 'month', baseAmount: 0, features: [] } as const;
const MALLORYS_KEY = { name: 'mallory', ownerId: 'mallory', credits: null, policyId: null } as const;
const mallorysSecret = () =>
  ({ id: newId('api_key_secret'), secretHash: randomBytes(32), start: 'ath_test_mall', lastFour: 'ory0' }) as const;
const MALLORYS = { subjectKey: 'user:mallory', featureKey: 'mallory' } as const;
const ALL_TIME = { starts: new Date(0), ends: new Date('2100-01-01T00:00:00Z') };

const newId = <Kind extends IdKind>(kind: Kind): Id<Kind> =>
  `${ID_PREFIXES[kind]}_01h2xcejqtf2nbrexx3vqjhp41` as Id<Kind>;

const ANOTHER_IMPORT = { id: 'aimp_x', createdBy: 'ausr_x' } as Pick<UserImportEntity, 'id' | 'createdBy'>;

function bulkRow({ email }: UserEntity, id: UserEntity['id']): BulkUserRow {
  return {
    id,
    email: email ?? '',
    email_verified: true,
    phone: null,
    phone_verified: false,
    username: null,
    display_username: null,
    first_name: 'Mallory',
    last_name: '',
    image: null,
    metadata: {},
    external_id: null,
    password_hash: null,
    banned: false,
    ban_reason: null,
    created_at: '2030-01-01T00:00:00Z',
  };
}

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
        image: null,
        phone: null,
        phoneVerified: false,
        externalId: null,
        hasPassword: false,
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
    findMany: (users, scope, { user }) => users.findMany(scope, [user.id]),
    findByEmail: (users, scope, { user }) => users.findByEmail(scope, user.email ?? ''),
    findByUsername: (users, scope, { user }) => users.findByUsername(scope, user.username ?? ''),
    findCredentials: (users, scope, { user }) => users.findCredentials(scope, user.id),
    updateProfile: (users, scope, { user, now }) =>
      users.updateProfile(scope, user.id, { firstName: 'Mallory' }, undefined, now),
    addMetadata: (users, scope, { user, now }) => users.addMetadata(scope, user.id, { note: 'Mallory' }, now),
    verifyEmail: (users, scope, { user, now }) => users.verifyEmail(scope, user.id, user.email ?? '', now),
    changeEmail: (users, scope, { user, now }) =>
      users.changeEmail(scope, user.id, user.email ?? '', 'mallory@example.com', now),
    ban: (users, scope, { user, now }) => users.ban(scope, user.id, 'envy', null, now),
    unban: (users, scope, { user, now }) => users.unban(scope, user.id, now),
    requirePasswordReset: (users, scope, { user, now }) => users.requirePasswordReset(scope, user.id, now),
  }),

  casesOf<UserLifecycleRepository, EnvScope>(UserLifecycleRepository, 'environment', {
    erase: (users, scope, { user, now }) => users.erase(scope, user.id, now),
    findUnerased: (users, scope, { user }) => users.findUnerased(scope, user.id),
    delete: (users, scope, { user, now }) => users.delete(scope, user.id, now),
    restore: (users, scope, { deletedUserId, now }) => users.restore(scope, deletedUserId, now),
    deletedBefore: (users, scope, victim) => users.deletedBefore(scope, later(victim), 100),
  }),

  casesOf<BulkUsersRepository, EnvScope>(BulkUsersRepository, 'environment', {
    insert: (users, scope, { user, now }) => users.insert(scope, [bulkRow(user, user.id)], now),
    taken: (users, scope, { user }) => users.taken(scope, [bulkRow(user, 'ausr_x' as typeof user.id)]),
    update: (users, scope, { user, now }) => users.update(scope, [bulkRow(user, user.id)], now),
    passwordHashes: (users, scope, { user }) => users.passwordHashes(scope, [user.id]),
  }),

  casesOf<UserImportsRepository, EnvScope>(UserImportsRepository, 'environment', {
    create: (imports, scope, { userImport }) => imports.create(scope, { ...userImport, ...ANOTHER_IMPORT }),
    find: (imports, scope, { userImport }) => imports.find(scope, userImport.id),
    page: (imports, scope) => imports.page(scope, '', 100),
    receive: (imports, scope, { userImport, now }) => imports.receive(scope, userImport.id, [{ a: 1 }], 100, now),
    start: (imports, scope, { userImport, now }) => imports.start(scope, userImport.id, now),
    cancel: (imports, scope, { userImport, now }) => imports.cancel(scope, userImport.id, now),
    lockRunning: (imports, scope, { runningImportId }) => imports.lockRunning(scope, runningImportId),
    waiting: (imports, scope, { userImport }) => imports.waiting(scope, userImport.id, 0, 100),
    settle: (imports, scope, { userImport, now }) =>
      imports.settle(scope, userImport.id, [{ line: 1, outcome: 'failed', user_id: null, reason: 'x' }], now),
    finish: (imports, scope, { runningImportId, now }) => imports.finish(scope, runningImportId, now),
    results: (imports, scope, { runningImportId }) => imports.results(scope, runningImportId, undefined, 0, 100),
  }),

  casesOf<AuditLogRepository, AppScope>(AuditLogRepository, 'app', {
    page: (log, scope, { user }) => log.page(scope, { actorId: user.id }, '', 100),
    find: (log, scope, { auditEntryId }) => log.find(scope, auditEntryId),
  }),

  casesOf<UserSearchRepository, EnvScope>(UserSearchRepository, 'environment', {
    search: (users, scope, { user, now }) =>
      users.search(scope, { filter: { email: user.email ?? '' }, deleted: false, oldestFirst: false }, '', 100, now),
    count: (users, scope, { now }) => users.count(scope, { filter: {}, deleted: false, oldestFirst: false }, 100, now),
  }),

  casesOf<UserTracesRepository, EnvScope>(UserTracesRepository, 'environment', {
    forget: (traces, scope, { user }) => traces.forget(scope, user.id),
  }),

  casesOf<AuditRepository, EnvScope>(AuditRepository, 'environment', {
    ofPerson: (audit, scope, { user }) => audit.ofPerson(scope, user.id, 100),
    pageOfPerson: (audit, scope, { user }) => audit.pageOfPerson(scope, user.id, '', 100),
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
    switchOrganization: (sessions, scope, { user, session, now }) =>
      sessions.switchOrganization(scope, user.id, session.id, 'aorg_x' as Id<'organization'>, now),
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

  casesOf<OrganizationsRepository, EnvScope>(OrganizationsRepository, 'environment', {
    insert: (organizations, scope, { organization, now }) =>
      organizations.insert(
        scope,
        { ...organization, id: newId('organization'), name: 'Mallory’s', slug: 'mallory', createdBy: null },
        now,
      ),
    findMany: (organizations, scope, { organization }) => organizations.findMany(scope, [organization.id]),
    get: (organizations, scope, { organization }) => organizations.get(scope, organization.id),
    lock: (organizations, scope, { organization }) => organizations.lock(scope, organization.id),
    isSlugTaken: (organizations, scope, { organization }) => organizations.isSlugTaken(scope, organization.slug),
    countCreatedBy: (organizations, scope, { user }) => organizations.countCreatedBy(scope, user.id),
    pageOfUser: (organizations, scope, { user }) => organizations.pageOfUser(scope, user.id, '', 100),
    page: (organizations, scope) => organizations.page(scope, {}, '', 100),
    update: (organizations, scope, { organization, now }) =>
      organizations.update(scope, organization.id, { name: 'Mallory’s' }, undefined, now),
    delete: (organizations, scope, { organization }) => organizations.delete(scope, organization.id),
  }),

  casesOf<OrganizationDomainsRepository, EnvScope>(OrganizationDomainsRepository, 'environment', {
    list: (domains, scope, { organization }) => domains.list(scope, organization.id),
    has: (domains, scope, { organization }) => domains.has(scope, organization.id, 'victim.example'),
    replace: (domains, scope, { organization, now }) =>
      domains.replace(scope, organization.id, ['mallory.example'], now),
  }),

  casesOf<MembersRepository, EnvScope>(MembersRepository, 'environment', {
    roleOf: (members, scope, { organization, user }) => members.roleOf(scope, organization.id, user.id),
    organizationExists: (members, scope, { organization }) => members.organizationExists(scope, organization.id),
    insert: (members, scope, { organization, strangerId, now }) =>
      members.insert(scope, { id: newId('member'), orgId: organization.id, userId: strangerId, role: 'owner' }, now),
    find: (members, scope, { organization, member }) => members.find(scope, organization.id, member.id),
    ofUserIn: (members, scope, { organization, user }) => members.ofUserIn(scope, organization.id, user.id),
    ofUser: (members, scope, { user }) => members.ofUser(scope, user.id, 100),
    page: (members, scope, { organization }) => members.page(scope, organization.id, {}, '', 100),
    setRole: (members, scope, { member, now }) => members.setRole(scope, member, 'member', undefined, now),
    delete: (members, scope, { member }) => members.delete(scope, member),
    hasOtherOwner: (members, scope, { organization }) => members.hasOtherOwner(scope, organization.id, newId('user')),
    ownedAlone: (members, scope, { user, now }) => members.ownedAlone(scope, user.id, { banned: false }, now),
  }),

  casesOf<InvitationsRepository, EnvScope>(InvitationsRepository, 'environment', {
    insert: (invitations, scope, { invitation, now }) =>
      invitations.insert(
        scope,
        { ...invitation, id: newId('invitation'), email: 'mallory@example.com', secretHash: Buffer.from('x') },
        now,
      ),
    countPending: (invitations, scope, { organization, now }) =>
      invitations.countPending(scope, organization.id, 10, now),
    get: (invitations, scope, { organization, invitation }) => invitations.get(scope, organization.id, invitation.id),
    page: (invitations, scope, { organization, now }) =>
      invitations.page(scope, organization.id, undefined, '', now, 100),
    findBySecret: (invitations, scope, { invitation, now }) =>
      invitations.findBySecret(scope, invitation.secretHash, now),
    renew: (invitations, scope, { invitation, now }) =>
      invitations.renew(scope, invitation, { ...invitation, secretHash: Buffer.from('y') }, now),
    answer: (invitations, scope, { invitation, now }) => invitations.answer(scope, invitation.id, 'revoked', null, now),
    deleteOfPerson: (invitations, scope, { user }) => invitations.deleteOfPerson(scope, user.id),
  }),

  casesOf<TeamsRepository, EnvScope>(TeamsRepository, 'environment', {
    insert: (teams, scope, { team }) => teams.insert(scope, { ...team, id: newId('team'), slug: 'mallory' }),
    get: (teams, scope, { organization, team }) => teams.get(scope, organization.id, team.id),
    page: (teams, scope, { organization }) => teams.page(scope, organization.id, undefined, '', 100),
    path: (teams, scope, { organization, team }) => teams.path(scope, organization.id, team.id),
    height: (teams, scope, { organization, team }) => teams.height(scope, organization.id, team.id),
    update: (teams, scope, { team, now }) => teams.update(scope, team, { name: 'Mallory’s' }, undefined, now),
    delete: (teams, scope, { team }) => teams.delete(scope, team),
    existing: (teams, scope, { organization, team }) => teams.existing(scope, organization.id, [team.id]),
  }),

  casesOf<TeamMembersRepository, EnvScope>(TeamMembersRepository, 'environment', {
    insert: (members, scope, { emptyTeam, member, now }) =>
      members.insert(scope, { orgId: member.orgId, teamId: emptyTeam.id, memberId: member.id }, now),
    page: (members, scope, { organization, team }) => members.page(scope, organization.id, team.id, '', 100),
    delete: (members, scope, { team, member }) =>
      members.delete(scope, { orgId: member.orgId, teamId: team.id, memberId: member.id }),
  }),

  casesOf<WebhooksRepository, EnvScope>(WebhooksRepository, 'environment', {
    lockAndCount: (webhooks, scope) => webhooks.lockAndCount(scope),
    insert: (webhooks, scope, { webhook, now }) =>
      webhooks.insert(scope, { ...webhook, id: newId('webhook'), url: 'https://mallory.example' }, now),
    get: (webhooks, scope, { webhook }) => webhooks.get(scope, webhook.id),
    lock: (webhooks, scope, { webhook }) => webhooks.lock(scope, webhook.id),
    page: (webhooks, scope) => webhooks.page(scope, '', 100),
    all: (webhooks, scope) => webhooks.all(scope),
    update: (webhooks, scope, { webhook, now }) =>
      webhooks.update(scope, webhook.id, { url: 'https://mallory.example' }, undefined, now),
    rotate: (webhooks, scope, { webhook, now }) => webhooks.rotate(scope, webhook.id, Buffer.from('x'), now, now),
    disable: (webhooks, scope, { webhook, now }) => webhooks.disable(scope, webhook.id, 'gone', now),
    delete: (webhooks, scope, { webhook }) => webhooks.delete(scope, webhook.id),
  }),

  casesOf<DeliveriesRepository, EnvScope>(DeliveriesRepository, 'environment', {
    find: (deliveries, scope, { webhook, delivery }) => deliveries.find(scope, webhook.id, delivery.id),
    page: (deliveries, scope, { webhook }) => deliveries.page(scope, webhook.id, {}, '', 100),
    resend: (deliveries, scope, { webhook, delivery, now }) => deliveries.resend(scope, webhook.id, delivery.id, now),
    resendFailed: (deliveries, scope, { webhook, now }) => deliveries.resendFailed(scope, webhook.id, {}, now),
    forget: (deliveries, scope, { user }) => deliveries.forget(scope, user.id),
  }),

  casesOf<EventFeedRepository, EnvScope>(EventFeedRepository, 'environment', {
    next: (feed, scope) => feed.next(scope, { txId: '0', sequence: '0' }, {}, 100),
  }),

  casesOf<ApiKeysRepository, EnvScope>(ApiKeysRepository, 'environment', {
    insert: (keys, scope, { apiKey, now }) =>
      keys.insert(scope, { ...apiKey, ...MALLORYS_KEY, id: newId('api_key') }, mallorysSecret(), now),
    find: (keys, scope, { apiKey }) => keys.find(scope, apiKey.id),
    lock: (keys, scope, { apiKey }) => keys.lock(scope, apiKey.id),
    page: (keys, scope) => keys.page(scope, {}, '', 100),
    count: (keys, scope, { apiKey }) => keys.count(scope, { owner: { kind: 'user', id: apiKey.ownerId } }),
    lockOwner: (keys, scope, { apiKey }) => keys.lockOwner(scope, apiKey.ownerId),
    setState: (keys, scope, { apiKey, now }) => keys.setState(scope, apiKey.id, 'revoked', null, now),
    update: (keys, scope, { apiKey, now }) => keys.update(scope, { ...apiKey, ...MALLORYS_KEY }, undefined, now),
    rotate: (keys, scope, { apiKey: { id }, now }) =>
      keys.rotate(scope, { id, version: 2 }, mallorysSecret(), null, 'manual', now),
  }),

  casesOf<LeakedSecretsRepository, EnvScope>(LeakedSecretsRepository, 'environment', {
    find: (secrets, scope, { apiKeySecret: { keyId, secretHash } }) => secrets.find(scope, keyId, secretHash),
    mark: (secrets, scope, { apiKeySecret, now }) => secrets.mark(scope, apiKeySecret.id, now),
  }),

  casesOf<KeyPoliciesRepository, EnvScope>(KeyPoliciesRepository, 'environment', {
    insert: (policies, scope, { keyPolicy }) =>
      policies.insert(scope, { ...keyPolicy, id: newId('api_key_policy'), name: 'mallory' }),
    find: (policies, scope, { keyPolicy }) => policies.find(scope, keyPolicy.id),
    findByName: (policies, scope, { keyPolicy }) => policies.findByName(scope, keyPolicy.name),
    isUsed: (policies, scope, { apiKey }) => policies.isUsed(scope, apiKey.policyId ?? newId('api_key_policy')),
    share: (policies, scope, { keyPolicy }) => policies.share(scope, keyPolicy.id),
    all: (policies, scope) => policies.all(scope),
    replace: (policies, scope, { keyPolicy, now }) =>
      policies.replace(scope, keyPolicy.id, { ...keyPolicy, name: 'mallory' }, undefined, now),
    delete: (policies, scope, { keyPolicy }) => policies.delete(scope, keyPolicy.id),
  }),

  casesOf<KeyRotationsRepository, EnvScope>(KeyRotationsRepository, 'environment', {
    insert: (rotations, scope, { now }) =>
      rotations.insert(scope, {
        id: newId('api_key_rotation'),
        keyId: newId('api_key'),
        reason: 'manual',
        rotatedBy: 'mallory',
        start: 'mallory',
        lastFour: 'mall',
        graceEndsAt: null,
        createdAt: now,
      }),
    ofKey: (rotations, scope, { apiKey }) => rotations.ofKey(scope, apiKey.id),
  }),

  casesOf<KeyUsageRepository, EnvScope>(KeyUsageRepository, 'environment', {
    ofKey: (usage, scope, { apiKey }) => usage.ofKey(scope, apiKey.id, ALL_TIME.starts, ALL_TIME.ends, 'hour'),
    totals: async (usage, scope) => (await usage.totals(scope, { from: ALL_TIME.starts, to: ALL_TIME.ends }, 10)).keys,
    latencies: async (usage, scope) =>
      (await usage.latencies(scope, { from: ALL_TIME.starts, to: ALL_TIME.ends })).filter((count) => count > 0),
  }),

  casesOf<UnkeyKeysRepository, EnvScope>(UnkeyKeysRepository, 'environment', {
    insert: (keys, scope, { unkeyKey }) =>
      keys.insert(scope, { ...unkeyKey, id: newId('api_key'), unkeyKeyId: 'key_mallory', ownerId: 'mallory' }),
    find: (keys, scope, { unkeyKey }) => keys.find(scope, unkeyKey.id),
    change: (keys, scope, { unkeyKey }) => keys.change(scope, { ...unkeyKey, state: 'revoked' }),
    page: (keys, scope) => keys.page(scope, {}, '', 100),
  }),

  casesOf<EntitlementsRepository, EnvScope>(EntitlementsRepository, 'environment', {
    standings: async (entitlements, scope, { billing: { subscription, meter }, now }) => {
      const [standing] = await entitlements.standings(scope, subscription.subjectKey, [meter.key], now);
      return standing?.subscription ?? undefined;
    },
    planOf: (entitlements, scope, { billing, now }) => entitlements.planOf(scope, billing.subscription.subjectKey, now),
    lockFeature: (entitlements, scope, { billing: { subscription, meter } }) =>
      entitlements.lockFeature({ scope, key: subscription.subjectKey }, meter.key),
  }),

  casesOf<MetersRepository, EnvScope>(MetersRepository, 'environment', {
    insert: (meters, scope, { billing: { meter } }) =>
      meters.insert(scope, { ...meter, id: newId('meter'), key: 'mallory', eventKey: 'mallory' }),
    find: (meters, scope, { billing: { meter } }) => meters.find(scope, meter.id),
    findByKey: (meters, scope, { billing: { meter } }) => meters.findByKey(scope, meter.key),
    all: (meters, scope) => meters.all(scope),
    delete: (meters, scope, { billing: { meter } }) => meters.delete(scope, meter.id),
  }),

  casesOf<PlansRepository, EnvScope>(PlansRepository, 'environment', {
    count: (plans, scope) => plans.count(scope, undefined),
    insert: (plans, scope, { billing: { plan }, now }) =>
      plans.insert(scope, { ...plan, id: newId('plan'), slug: 'mallory' }, NO_TERMS, now),
    publish: (plans, scope, { billing: { plan }, now }) => plans.publish(scope, plan.id, plan.terms, undefined, now),
    setStatus: (plans, scope, { billing: { plan }, now }) => plans.setStatus(scope, plan.id, 'archived', now),
    find: (plans, scope, { billing: { plan } }) => plans.find(scope, plan.id),
    findBySlug: (plans, scope, { billing: { plan } }) => plans.findBySlug(scope, plan.slug),
    page: (plans, scope) => plans.page(scope, undefined, '', 100),
    version: (plans, scope, { billing: { plan } }) => plans.version(scope, plan.id, 1),
  }),

  casesOf<SubscriptionsRepository, EnvScope>(SubscriptionsRepository, 'environment', {
    lockSubject: (subscriptions, scope, { billing }) =>
      subscriptions.lockSubject(scope, billing.subscription.subjectKey),
    insert: (subscriptions, scope, { billing: { subscription }, now }) =>
      subscriptions.insert(scope, { ...subscription, id: newId('subscription'), subjectKey: 'user:mallory' }, now),
    save: (subscriptions, scope, { billing: { subscription }, now }) =>
      subscriptions.save(scope, { ...subscription, status: 'paused' }, now),
    find: (subscriptions, scope, { billing }) => subscriptions.find(scope, billing.subscription.id),
    lock: (subscriptions, scope, { billing }) => subscriptions.lock(scope, billing.subscription.id),
    ofSubject: (subscriptions, scope, { billing }) => subscriptions.ofSubject(scope, billing.subscription.subjectKey),
    page: (subscriptions, scope) => subscriptions.page(scope, {}, '', 100),
    count: (subscriptions, scope) => subscriptions.count(scope, {}),
    periodAt: (subscriptions, scope, { billing: { subscription }, now }) =>
      subscriptions.periodAt(scope, subscription.id, subscription.anchor, now),
  }),

  casesOf<SpansRepository, EnvScope>(SpansRepository, 'environment', {
    open: (spans, scope, { billing: { subscription } }) => spans.open(scope, subscription, new Date(0)),
    close: (spans, scope, { billing: { subscription }, now }) => spans.close(scope, subscription.id, now),
    within: (spans, scope, { billing: { subscription } }) => spans.within(scope, subscription.id, ALL_TIME),
  }),

  casesOf<UsageRepository, EnvScope>(UsageRepository, 'environment', {
    totals: (usage, scope, { billing: { subscription, meter } }) =>
      usage.totals(scope, subscription.subjectKey, [meter.key], ALL_TIME),
    series: (usage, scope, { billing: { subscription, meter } }) =>
      usage.series(scope, subscription.subjectKey, meter.key, 'month', ALL_TIME, true),
    reconcile: (usage, scope, { billing: { meter } }) => usage.reconcile(scope, ALL_TIME, [meter.key]),
  }),

  casesOf<GrantsRepository, EnvScope>(GrantsRepository, 'environment', {
    insert: (grants, scope, { billing: { grant }, now }) =>
      grants.insert(
        scope,
        { ...grant, ...MALLORYS, id: newId('grant'), amount: 1, leastRollover: 0, mostRollover: 1 },
        now,
      ),
    page: (grants, scope, { billing: { grant } }) => grants.page(scope, grant.subjectKey, undefined, '', 100),
    void: (grants, scope, { billing: { grant }, now }) => grants.void(scope, grant.id, now),
    burnable: (grants, scope, { billing: { grant } }) =>
      grants.burnable(scope, grant.subjectKey, [grant.featureKey], ALL_TIME.starts, ALL_TIME.ends),
    leave: (grants, scope, { billing: { grant } }) => grants.leave(scope, [{ id: grant.id, remaining: 0 }]),
  }),

  casesOf<AllowancesRepository, EnvScope>(AllowancesRepository, 'environment', {
    setOverride: (allowances, scope, { now }) =>
      allowances.setOverride(scope, MALLORYS.subjectKey, 'reports', 0, null, now),
    removeOverride: (allowances, scope, { billing: { grant } }) =>
      allowances.removeOverride(scope, grant.subjectKey, 'reports'),
    reset: (allowances, scope, { billing: { subscription, meter }, now }) =>
      allowances.reset(scope, subscription.subjectKey, meter.key, subscription.currentPeriodStart, 77, now),
    hold: (allowances, scope, { billing: { reservation }, now }) =>
      allowances.hold(scope, { ...reservation, ...MALLORYS, id: newId('reservation'), quantity: 1 }, now),
    endHold: (allowances, scope, { billing: { reservation }, now }) => allowances.endHold(scope, reservation.id, now),
  }),

  casesOf<CouponsRepository, EnvScope>(CouponsRepository, 'environment', {
    insert: (coupons, scope, { billing: { coupon }, now }) =>
      coupons.insert(scope, { ...coupon, id: newId('coupon'), voucher: 'MALLORY', amount: 0 }, now),
    find: (coupons, scope, { billing: { coupon } }) => coupons.find(scope, coupon.id),
    findByVoucher: (coupons, scope, { billing: { coupon } }) => coupons.findByVoucher(scope, coupon.voucher),
    page: async (coupons, scope) => (await coupons.page(scope, '', 100)).rows,
    redeem: (coupons, scope, { billing: { coupon, subscription }, now }) =>
      coupons.redeem(scope, coupon.voucher, 'usd', subscription.subjectKey, now),
    delete: (coupons, scope, { billing: { coupon } }) => coupons.delete(scope, coupon.id),
  }),

  casesOf<InvoicesRepository, EnvScope>(InvoicesRepository, 'environment', {
    insert: (invoices, scope, { billing: { invoice }, now }) =>
      invoices.insert(
        scope,
        { ...invoice, id: newId('invoice'), subtotal: 1, discount: 0, periodStart: new Date(0) },
        now,
      ),
    find: (invoices, scope, { billing: { invoice } }) => invoices.find(scope, invoice.id),
    page: (invoices, scope) => invoices.page(scope, {}, '', 100),
    count: (invoices, scope) => invoices.count(scope, {}),
    recent: (invoices, scope, { billing: { subscription } }) => invoices.recent(scope, subscription.id, new Date(0)),
    pay: (invoices, scope, { billing: { invoice }, now }) => invoices.pay(scope, invoice.id, null, now),
    void: (invoices, scope, { billing: { invoice }, now }) => invoices.void(scope, invoice.id, null, now),
    overdue: (invoices, scope, { billing: { invoice } }) => invoices.overdue(scope, invoice.id, ALL_TIME.ends),
    hasPastDue: (invoices, scope, { billing: { subscription } }) => invoices.hasPastDue(scope, subscription.id),
  }),

  casesOf<BillingCustomersRepository, EnvScope>(BillingCustomersRepository, 'environment', {
    find: (customers, scope, { billing: { subscription } }) => customers.find(scope, 'stripe', subscription.subjectKey),
    save: (customers, scope) => customers.save(scope, 'stripe', MALLORYS.subjectKey, 'cus_mallory'),
  }),

  casesOf<SeatCountsRepository, EnvScope>(SeatCountsRepository, 'environment', {
    of: (seats, scope, { organization }) => seats.of(scope, `org:${organization.id}`),
  }),

  casesOf<RolesRepository, EnvScope>(RolesRepository, 'environment', {
    lock: (roles, scope) => roles.lock(scope),
    insert: (roles, scope, { role }) => roles.insert(scope, { ...role, id: newId('role'), slug: 'mallory' }),
    get: (roles, scope, { role }) => roles.get(scope, role.id),
    findBySlug: (roles, scope, { role }) => roles.findBySlug(scope, role.slug),
    page: (roles, scope) => roles.page(scope, '', 100),
    all: (roles, scope) => roles.all(scope),
    update: (roles, scope, { role, now }) => roles.update(scope, role.id, { name: 'Mallory’s' }, undefined, now),
    delete: (roles, scope, { role }) => roles.delete(scope, role.id),
    path: (roles, scope, { role }) => roles.path(scope, role.id),
    height: (roles, scope, { role }) => roles.height(scope, role.id),
    effective: (roles, scope, { role }) => roles.effective(scope, role.id),
  }),

  casesOf<RolePermissionsRepository, EnvScope>(RolePermissionsRepository, 'environment', {
    insert: (permissions, scope, { permission }) =>
      permissions.insert(scope, { ...permission, id: newId('permission'), action: 'rob' }),
    find: (permissions, scope, { role, permission }) => permissions.find(scope, role.id, permission.id),
    findGrant: (permissions, scope, { role, permission }) => permissions.findGrant(scope, role.id, permission),
    page: (permissions, scope, { role }) => permissions.page(scope, role.id, '', 100),
    all: (permissions, scope) => permissions.all(scope),
    delete: (permissions, scope, { permission }) => permissions.delete(scope, permission.id),
  }),

  casesOf<RoleAssignmentsRepository, EnvScope>(RoleAssignmentsRepository, 'environment', {
    insert: (assignments, scope, { role, strangerId, now }) =>
      assignments.insert(scope, {
        id: newId('role_assignment'),
        roleId: role.id,
        userId: strangerId,
        orgId: null,
        assignedBy: null,
        assignedAt: now,
      }),
    delete: (assignments, scope, { role, user }) =>
      assignments.delete(scope, { roleId: role.id, userId: user.id, orgId: null }),
    deleteAll: (assignments, scope, { user }) => assignments.deleteAll(scope, user.id),
    countHolders: (assignments, scope, { role }) => assignments.countHolders(scope, role.id),
    ofUser: (assignments, scope, { user }) => assignments.ofUser(scope, user.id, 'anywhere', '', 100),
    access: (assignments, scope, { user, organization, now }) =>
      assignments.access(scope, user.id, organization.id, now),
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
    lock: (environments, scope, { environment }) => environments.lock(scope, [environment.id]),
    update: (environments, scope, { environment, now }) =>
      environments.update(scope, environment.id, { name: 'Mallory’s' }, undefined, now),
    setDefault: (environments, scope, { otherEnvironmentId, now }) =>
      environments.setDefault(scope, otherEnvironmentId, now),
    delete: (environments, scope, { otherEnvironmentId, now }) => environments.delete(scope, otherEnvironmentId, now),
  }),

  casesOf<FormConfigsRepository, EnvScope>(FormConfigsRepository, 'environment', {
    lock: (forms, scope, { form }) => forms.lock(scope, form.formType),
    create: (forms, scope, { form, now }) => forms.create(scope, 'afcf_x' as typeof form.id, form.formType, [], now),
    find: (forms, scope, { form }) => forms.find(scope, form.id),
    page: (forms, scope) => forms.page(scope, {}, '', 100),
    active: (forms, scope) => forms.active(scope),
    edit: (forms, scope, { draftForm, now }) => forms.edit(scope, draftForm.id, [], undefined, now),
    archive: (forms, scope, { form, now }) => forms.archive(scope, form.formType, now),
    activate: (forms, scope, { draftForm, now }) => forms.activate(scope, draftForm.id, now),
    deactivate: (forms, scope, { form, now }) => forms.deactivate(scope, form.id, now),
    delete: (forms, scope, { draftForm }) => forms.delete(scope, draftForm.id),
  }),

  casesOf<PublishableKeysRepository, AppScope>(PublishableKeysRepository, 'app', {
    create: (keys, scope, { publishableKey }) =>
      keys.create(scope, { ...publishableKey, id: 'apbk_x' as typeof publishableKey.id, key: 'pk_test_x' }),
    list: (keys, scope) => keys.list(scope),
    ofEnvironment: (keys, scope, { environment }) => keys.ofEnvironment(scope, environment.id),
    retire: (keys, scope, { environment, publishableKey, now }) =>
      keys.retire(scope, environment.id, publishableKey.id, now),
  }),

  casesOf<ServiceAccountsRepository, AppScope>(ServiceAccountsRepository, 'app', {
    create: (accounts, scope, { serviceAccount }) =>
      accounts.create(scope, {
        ...serviceAccount,
        id: 'svc_01h2xcejqtf2nbrexx3vqjhp41' as typeof serviceAccount.id,
        name: 'mallory',
      }),
    find: (accounts, scope, { serviceAccount }) => accounts.find(scope, serviceAccount.id),
    page: (accounts, scope) => accounts.page(scope, '', 100),
    update: (accounts, scope, { serviceAccount, now }) =>
      accounts.update(scope, serviceAccount.id, { description: 'Mallory’s' }, undefined, now),
    delete: (accounts, scope, { serviceAccount }) => accounts.delete(scope, serviceAccount.id),
  }),

  casesOf<StatsRepository, AppScope>(StatsRepository, 'app', {
    between: (stats, scope, { scope: { envId } }) =>
      stats.between(scope, envId, STAT_METRICS, '2000-01-01', '2100-01-01'),
    totals: (stats, scope, { scope: { envId } }) => stats.totals(scope, envId),
  }),
];

/** Attempts that leave no trace, or none before the commit, even in one's own tenant: nothing shows that they reached it. */
export const WITHOUT_TRACE: readonly string[] = [
  'ApiKeysRepository.lockOwner',
  'SessionsRepository.lockUser',
  'FormConfigsRepository.lock',
  'OrganizationsRepository.lock',
  'RolesRepository.lock',
  'WebhooksRepository.lock',
  'EnvironmentsRepository.lock',
  'SignInAttemptsRepository.clearWithChange',
  // The victim's is contested already, so that there is something to take away.
  'UsersRepository.contestPassword',
  'BulkUsersRepository.passwordHashes',
  'EntitlementsRepository.lockFeature',
  'SubscriptionsRepository.lockSubject',
  // The victim pays in time.
  'InvoicesRepository.hasPastDue',
];
