import { Injectable } from '@nestjs/common';
import type { Subject, SubjectKey } from '../../billing-bridge/ledger.js';
import { type Actor, AuditTrail } from '../../kernel/audit/audit-trail.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { Events } from '../../kernel/events/events.js';
import { IdGenerator, type Id } from '../../kernel/ids/id.js';
import { Database } from '../../kernel/persistence/database.js';
import { Cursors, type Page, type PageRequest } from '../../kernel/persistence/page.js';
import '../billing.events.js';
import { GrantNotFound, OverrideNotFound, SubscriptionNotFound } from '../billing.problems.js';
import { entitlementsChanged } from '../entitlements/entitlements-changed.js';
import { EntitlementsRepository } from '../entitlements/entitlements.repository.js';
import { AllowancesRepository } from './allowances.repository.js';
import type { GrantEntity } from './grant.entity.js';
import { GrantsRepository, type NewGrant } from './grants.repository.js';
import type { OverrideEntity } from './override.entity.js';

type AllowanceEvent = 'billing.override.set' | 'billing.override.removed' | 'billing.usage.reset';

/** What a subject has beside its plan: units granted, another limit, usage that counts anew. Each holds on every replica at once. */
@Injectable()
export class GrantsService {
  constructor(
    private readonly grants: GrantsRepository,
    private readonly allowances: AllowancesRepository,
    private readonly entitlements: EntitlementsRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly cursors: Cursors,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  grant(scope: EnvScope, input: Omit<NewGrant, 'id'>, actor: Actor): Promise<GrantEntity> {
    return this.database.transaction(async () => {
      const grant = await this.grants.insert(scope, { ...input, id: this.ids.next('grant') }, this.clock.now());
      await this.recordGrant(scope, 'billing.grant.created', grant, actor, { amount: input.amount });
      return grant;
    });
  }

  /** Newest first. @throws MalformedCursor */
  async list(
    scope: EnvScope,
    key: SubjectKey,
    featureKey: string | undefined,
    { limit, cursor }: PageRequest,
  ): Promise<Page<GrantEntity>> {
    const list = `grants/${scope.envId}/${key}/${featureKey ?? ''}`;
    const before = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    const rows = await this.grants.page(scope, key, featureKey, before, limit + 1);
    return this.cursors.page(list, limit, rows, ({ id }) => id);
  }

  /** @throws GrantNotFound */
  void(scope: EnvScope, id: Id<'grant'>, actor: Actor): Promise<void> {
    return this.database.transaction(async () => {
      const grant = await this.grants.void(scope, id, this.clock.now());
      if (grant === undefined) throw new GrantNotFound();
      await this.recordGrant(scope, 'billing.grant.voided', grant, actor, {});
    });
  }

  /** @param units null: no limit. 0: the feature is off. */
  override(
    { scope, key }: Subject,
    featureKey: string,
    units: number | null,
    expiresAt: Date | null,
    actor: Actor,
  ): Promise<OverrideEntity> {
    return this.database.transaction(async () => {
      const override = await this.allowances.setOverride(scope, key, featureKey, units, expiresAt, this.clock.now());
      await this.record(
        { scope, key },
        'billing.override.set',
        featureKey,
        actor,
        units === null ? {} : { limit: units },
      );
      return override;
    });
  }

  /** @throws OverrideNotFound */
  removeOverride({ scope, key }: Subject, featureKey: string, actor: Actor): Promise<void> {
    return this.database.transaction(async () => {
      if (!(await this.allowances.removeOverride(scope, key, featureKey))) throw new OverrideNotFound();
      await this.record({ scope, key }, 'billing.override.removed', featureKey, actor, {});
    });
  }

  /**
   * Lets usage of the current period count anew; what was recorded stays. @param preserveOverage whether what went beyond the limit is
   * charged to the new count. @throws SubscriptionNotFound
   */
  reset(subject: Subject, featureKey: string, preserveOverage: boolean, actor: Actor): Promise<void> {
    return this.database.transaction(async () => {
      const { scope, key } = subject;
      await this.entitlements.lockFeature(subject, featureKey);
      const now = this.clock.now();
      const [standing] = await this.entitlements.standings(scope, key, [featureKey], now);
      if (standing === undefined || standing.periodStarts === null) throw new SubscriptionNotFound();
      const limit = standing.override === null ? (standing.feature?.limit ?? null) : standing.override.units;
      const beyond = preserveOverage && limit !== null ? Math.max(0, standing.used - limit - standing.granted) : 0;
      await this.allowances.reset(scope, key, featureKey, standing.periodStarts, standing.recorded - beyond, now);
      await this.record(subject, 'billing.usage.reset', featureKey, actor, {});
    });
  }

  private async recordGrant(
    scope: EnvScope,
    event: 'billing.grant.created' | 'billing.grant.voided',
    { id, subjectKey, featureKey, amount }: GrantEntity,
    actor: Actor,
    more: { readonly amount?: number },
  ): Promise<void> {
    const payload = { subject: subjectKey, feature: featureKey, grant_id: id, amount: Number(amount) };
    await this.events.record(scope, event, id, payload);
    this.audit.record(scope, {
      action: event,
      actor,
      target: { type: 'grant', id },
      metadata: { subject: subjectKey, feature: featureKey, ...more },
    });
    entitlementsChanged(this.database, scope, subjectKey);
  }

  private async record(
    { scope, key }: Subject,
    event: AllowanceEvent,
    featureKey: string,
    actor: Actor,
    more: { readonly limit?: number },
  ): Promise<void> {
    await this.events.record(scope, event, key, { subject: key, feature: featureKey, ...more });
    this.audit.record(scope, {
      action: event,
      actor,
      target: { type: 'subject', id: key },
      metadata: { feature: featureKey, ...more },
    });
    entitlementsChanged(this.database, scope, key);
  }
}
