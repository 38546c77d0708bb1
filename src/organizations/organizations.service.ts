import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type BilledParties, BilledSubjects } from '../billing-bridge/billed-subjects.js';
import { EntitlementGate } from '../billing-bridge/entitlements/entitlement-gate.js';
import { PreconditionFailed } from '../http/etag.js';
import { type Actor, AuditTrail } from '../kernel/audit/audit-trail.js';
import { type FieldChanges, fieldChanges } from '../kernel/audit/field-changes.js';
import { Clock } from '../kernel/clock/clock.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { EventName } from '../kernel/events/event-map.js';
import { Events } from '../kernel/events/events.js';
import { IdGenerator, type Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { Cursors, type Page, type PageRequest } from '../kernel/persistence/page.js';
import { settingPlace } from '../settings/setting-place.js';
import { SettingsReader } from '../settings/settings-reader.js';
import { MEMBERS_CHANGED, MembersService } from './members/members.service.js';
import { ORGANIZATION_CREATION, ORGANIZATIONS_PER_USER } from './organization-settings.js';
import type { OrganizationEntity } from './organization.entity.js';
import './organizations.events.js';
import { OrganizationCreationDisabled, OrganizationSlugTaken, TooManyOrganizations } from './organizations.problems.js';
import {
  type OrganizationChanges,
  type OrganizationFilter,
  type OrganizationOfUser,
  type NewOrganization,
  OrganizationsRepository,
} from './organizations.repository.js';

/** An organization to be; without a slug it gets one made of its name. */
export type OrganizationInput = Omit<NewOrganization, 'id' | 'slug' | 'createdBy'> & { readonly slug?: string };

const LONGEST_BASE = 48;

/** A slug out of a name; of a name without Latin letters and digits only the random end is left. */
export function slugOf(name: string): string {
  const base = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST_BASE)
    .replace(/^-+|-+$/g, '');
  return base === '' ? `org-${randomBytes(4).toString('hex')}` : base;
}

@Injectable()
export class OrganizationsService {
  constructor(
    private readonly organizations: OrganizationsRepository,
    private readonly members: MembersService,
    private readonly settings: SettingsReader,
    private readonly plans: EntitlementGate,
    private readonly subjects: BilledSubjects,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly cursors: Cursors,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  /**
   * Creates an organization for a user, who owns it.
   * @param actingFor the organization their session acts for: its plan is asked whether it allows another one.
   * @throws OrganizationSlugTaken, OrganizationCreationDisabled, TooManyOrganizations, EntitlementDenied
   */
  async createOwn(
    scope: EnvScope,
    input: OrganizationInput,
    userId: Id<'user'>,
    actor: Actor,
    actingFor: Id<'organization'> | null = null,
  ): Promise<OrganizationEntity> {
    await this.requireFeature(scope, { userId, orgId: actingFor });
    return this.database.transaction(async () => {
      const place = settingPlace.user(scope, userId);
      if (!(await this.settings.value(place, ORGANIZATION_CREATION))) throw new OrganizationCreationDisabled();
      const most = await this.settings.value(place, ORGANIZATIONS_PER_USER);
      if (most > 0) {
        const used = await this.organizations.countCreatedBy(scope, userId);
        if (used >= most) throw new TooManyOrganizations({ extras: { limit: most, used } });
      }
      return this.create(scope, input, { ownerId: userId, createdBy: userId }, actor);
    });
  }

  /** Creates an organization for somebody else. @throws OrganizationSlugTaken, UserNotFound, EntitlementDenied */
  async createFor(
    scope: EnvScope,
    input: OrganizationInput,
    ownerId: Id<'user'>,
    actor: Actor,
  ): Promise<OrganizationEntity> {
    await this.requireFeature(scope, { userId: ownerId });
    return this.database.transaction(() => this.create(scope, input, { ownerId, createdBy: null }, actor));
  }

  /** @throws OrganizationNotFound */
  get(scope: EnvScope, id: Id<'organization'>): Promise<OrganizationEntity> {
    return this.organizations.get(scope, id);
  }

  /** Those of them that are there, in no order. */
  findMany(scope: EnvScope, ids: readonly Id<'organization'>[]): Promise<OrganizationEntity[]> {
    return this.organizations.findMany(scope, ids);
  }

  /** Active organizations that a user belongs to, newest first. @throws MalformedCursor */
  async listOfUser(
    scope: EnvScope,
    userId: Id<'user'>,
    { limit, cursor }: PageRequest,
  ): Promise<Page<OrganizationOfUser>> {
    const list = `organizations/${scope.envId}/${userId}`;
    const before = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    const rows = await this.organizations.pageOfUser(scope, userId, before, limit + 1);
    return this.cursors.page(list, limit, rows, ({ id }) => id);
  }

  /** Every organization of an environment, newest first. @throws MalformedCursor */
  async list(
    scope: EnvScope,
    filter: OrganizationFilter,
    { limit, cursor }: PageRequest,
  ): Promise<Page<OrganizationEntity>> {
    const list = `organizations/${scope.envId}/${JSON.stringify(filter)}`;
    const before = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    const rows = await this.organizations.page(scope, filter, before, limit + 1);
    return this.cursors.page(list, limit, rows, ({ id }) => id);
  }

  async isSlugFree(scope: EnvScope, slug: string): Promise<boolean> {
    return !(await this.organizations.isSlugTaken(scope, slug));
  }

  /** @throws OrganizationNotFound, OrganizationSlugTaken, PreconditionFailed */
  update(
    scope: EnvScope,
    id: Id<'organization'>,
    changes: OrganizationChanges,
    version: number | undefined,
    actor: Actor,
  ): Promise<OrganizationEntity> {
    return this.database.transaction(async () => {
      const before = await this.organizations.lock(scope, id);
      const after = await this.organizations.update(scope, id, changes, version, this.clock.now());
      if (after === undefined) throw new PreconditionFailed();
      await this.record(scope, 'org.updated', after, actor, fieldChanges(shown(before), shown(after)));
      if (before.active !== after.active) this.database.notify(MEMBERS_CHANGED + id);
      return after;
    });
  }

  /** Deletes an organization with its members, teams, invitations and settings. @throws OrganizationNotFound */
  delete(scope: EnvScope, id: Id<'organization'>, actor: Actor): Promise<void> {
    return this.database.transaction(async () => {
      const organization = await this.organizations.lock(scope, id);
      await this.record(scope, 'org.deleted', organization, actor);
      await this.organizations.delete(scope, id);
      this.database.notify(MEMBERS_CHANGED + id);
    });
  }

  /** Asked before the transaction begins: an engine elsewhere must not keep a connection waiting. */
  private async requireFeature(scope: EnvScope, parties: BilledParties): Promise<void> {
    await this.plans.require(await this.subjects.of(scope, parties), 'authsome.feature.orgs');
  }

  private async create(
    scope: EnvScope,
    { slug, ...input }: OrganizationInput,
    { ownerId, createdBy }: { readonly ownerId: Id<'user'>; readonly createdBy: Id<'user'> | null },
    actor: Actor,
  ): Promise<OrganizationEntity> {
    const row = { ...input, id: this.ids.next('organization'), createdBy };
    const organization = await this.insert(scope, row, slug);
    await this.record(scope, 'org.created', organization, actor);
    await this.members.join(scope, organization, { userId: ownerId, role: 'owner' }, actor);
    return { ...organization, memberCount: 1 };
  }

  /** @param slug undefined: one is made of the name; it is nobody's fault then, and no refusal, that it is taken. */
  private async insert(
    scope: EnvScope,
    row: Omit<NewOrganization, 'slug'>,
    slug: string | undefined,
  ): Promise<OrganizationEntity> {
    const base = slug ?? slugOf(row.name);
    const now = this.clock.now();
    const organization =
      (await this.organizations.insert(scope, { ...row, slug: base }, now)) ??
      (slug === undefined
        ? await this.organizations.insert(scope, { ...row, slug: `${base}-${randomBytes(5).toString('hex')}` }, now)
        : undefined);
    if (organization === undefined) throw new OrganizationSlugTaken();
    return organization;
  }

  private async record(
    scope: EnvScope,
    event: Extract<EventName, 'org.created' | 'org.updated' | 'org.deleted'>,
    { id, slug }: OrganizationEntity,
    actor: Actor,
    changes?: FieldChanges,
  ): Promise<void> {
    await this.events.record(scope, event, id, { org_id: id, org_slug: slug });
    this.audit.record(scope, {
      action: event,
      actor,
      target: { type: 'organization', id },
      ...(changes && { changes }),
    });
  }
}

/** What an audit entry says of an organization before and after. */
function shown({ name, slug, logo, description, metadata, active }: OrganizationEntity): Record<string, unknown> {
  return { name, slug, logo, description, metadata, active };
}
