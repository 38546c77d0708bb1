import { Injectable } from '@nestjs/common';
import { PreconditionFailed } from '../../http/etag.js';
import { type Actor, AuditTrail } from '../../kernel/audit/audit-trail.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { Events } from '../../kernel/events/events.js';
import { IdGenerator, type Id } from '../../kernel/ids/id.js';
import { Database } from '../../kernel/persistence/database.js';
import { Cursors, type Page, type PageRequest } from '../../kernel/persistence/page.js';
import '../billing.events.js';
import { PlanInvalid, PlanNotFound } from '../billing.problems.js';
import { MetersService } from '../meters/meters.service.js';
import type { PlanPeriod } from '../periods.js';
import type { PlanFeature } from './plan-features.js';
import type { PlanEntity, PlanStatus } from './plan.entity.js';
import {
  type NewPlan,
  type NewTerms,
  PlansRepository,
  type PlanTerms,
  type PublishedPlan,
} from './plans.repository.js';

/** A feature as somebody wrote it; what the meter says of it is looked up. */
export type FeatureInput = Omit<PlanFeature, 'aggregation'>;
export type TermsInput = Omit<NewTerms, 'features'> & { readonly features: readonly FeatureInput[] };

type PlanEvent = 'billing.plan.created' | 'billing.plan.activated' | 'billing.plan.archived';

/** What can be subscribed to. What a plan costs and holds is published in versions that never change. */
@Injectable()
export class PlansService {
  constructor(
    private readonly plans: PlansRepository,
    private readonly meters: MetersService,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly cursors: Cursors,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  /** @throws PlanSlugTaken, PlanInvalid */
  create(scope: EnvScope, input: Omit<NewPlan, 'id'>, terms: TermsInput, actor: Actor): Promise<PublishedPlan> {
    return this.database.transaction(async () => {
      const row = { ...input, id: this.ids.next('plan') };
      const plan = await this.plans.insert(scope, row, await this.complete(scope, terms), this.clock.now());
      await this.record(scope, 'billing.plan.created', plan, actor);
      return plan;
    });
  }

  /**
   * Publishes a new version, for whoever subscribes or changes plan from now on. @param version what If-Match demands.
   * @throws PlanNotFound, PlanInvalid, PreconditionFailed
   */
  publish(
    scope: EnvScope,
    id: Id<'plan'>,
    terms: TermsInput,
    version: number | undefined,
    actor: Actor,
  ): Promise<PublishedPlan> {
    return this.database.transaction(async () => {
      await this.get(scope, id);
      const plan = await this.plans.publish(scope, id, await this.complete(scope, terms), version, this.clock.now());
      if (plan === undefined) throw new PreconditionFailed();
      const payload = { plan_id: id, plan_slug: plan.slug, version: plan.latestVersion };
      await this.events.record(scope, 'billing.plan.published', id, payload);
      this.audit.record(scope, {
        action: 'billing.plan.published',
        actor,
        target: { type: 'plan', id },
        metadata: { version: plan.latestVersion },
      });
      return plan;
    });
  }

  /** @throws PlanNotFound */
  activate(scope: EnvScope, id: Id<'plan'>, actor: Actor): Promise<void> {
    return this.setStatus(scope, id, 'active', 'billing.plan.activated', actor);
  }

  /** Nobody can subscribe any more; who is subscribed keeps the plan. @throws PlanNotFound */
  archive(scope: EnvScope, id: Id<'plan'>, actor: Actor): Promise<void> {
    return this.setStatus(scope, id, 'archived', 'billing.plan.archived', actor);
  }

  /** @throws PlanNotFound */
  async get(scope: EnvScope, id: Id<'plan'>): Promise<PublishedPlan> {
    const plan = await this.plans.find(scope, id);
    if (plan === undefined) throw new PlanNotFound();
    return plan;
  }

  findBySlug(scope: EnvScope, slug: string): Promise<PublishedPlan | undefined> {
    return this.plans.findBySlug(scope, slug);
  }

  /** The terms of a version that was published. */
  async version(scope: EnvScope, id: Id<'plan'>, number: number): Promise<PlanTerms> {
    return (await this.plans.version(scope, id, number)) as PlanTerms;
  }

  /** Newest first, with the number of all, up to 10,000. @param statuses undefined: whatever theirs. @throws MalformedCursor */
  async list(
    scope: EnvScope,
    statuses: readonly PlanStatus[] | undefined,
    { limit, cursor }: PageRequest,
  ): Promise<Page<PublishedPlan> & { readonly total: number }> {
    const list = `plans/${scope.envId}/${statuses?.join() ?? ''}`;
    const before = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    const rows = await this.plans.page(scope, statuses, before, limit + 1);
    const total = await this.plans.count(scope, statuses);
    return { ...this.cursors.page(list, limit, rows, ({ id }) => id), total };
  }

  private setStatus(
    scope: EnvScope,
    id: Id<'plan'>,
    status: PlanStatus,
    event: PlanEvent,
    actor: Actor,
  ): Promise<void> {
    return this.database.transaction(async () => {
      await this.get(scope, id);
      const plan = await this.plans.setStatus(scope, id, status, this.clock.now());
      if (plan !== undefined) await this.record(scope, event, plan, actor);
    });
  }

  /** Adds what the meters say, and refuses what could never be counted or priced. @throws PlanInvalid */
  private async complete(scope: EnvScope, { features, ...terms }: TermsInput): Promise<NewTerms> {
    const keys = features.map(({ key }) => key);
    const twice = keys.find((key, index) => keys.indexOf(key) !== index);
    if (twice !== undefined) throw new PlanInvalid({ detail: `feature ${twice} is named twice` });
    const completed: PlanFeature[] = [];
    for (const feature of features) {
      const wrong = whatIsWrong(feature, terms.period);
      if (wrong !== undefined) throw new PlanInvalid({ detail: `feature ${feature.key}: ${wrong}` });
      completed.push({ ...feature, ...(await this.counting(scope, feature)) });
    }
    return { ...terms, features: completed };
  }

  private async counting(
    scope: EnvScope,
    { key, kind, meter }: FeatureInput,
  ): Promise<Pick<PlanFeature, 'meter' | 'aggregation'>> {
    if (kind !== 'metered') return { meter: null, aggregation: null };
    const found = await this.meters.find(scope, meter ?? key);
    if (found === undefined) throw new PlanInvalid({ detail: `feature ${key}: there is no meter ${meter ?? key}` });
    return { meter: found.key, aggregation: found.aggregation };
  }

  private async record(scope: EnvScope, event: PlanEvent, { id, slug }: PlanEntity, actor: Actor): Promise<void> {
    await this.events.record(scope, event, id, { plan_id: id, plan_slug: slug });
    this.audit.record(scope, { action: event, actor, target: { type: 'plan', id } });
  }
}

/** Why a feature contradicts itself; undefined: it does not. */
function whatIsWrong(
  { kind, limit, overage, tiers, period }: FeatureInput,
  planPeriod: PlanPeriod,
): string | undefined {
  const counted = kind === 'metered' || kind === 'seat';
  if (!counted && (overage !== 'deny' || tiers.length > 0))
    return 'only metered features and seats have overage and tiers';
  if (kind !== 'metered' && period !== null) return 'only metered features have a period';
  if (kind === 'boolean' && limit === null) return 'say whether it is on: a limit of 0 is off, 1 is on';
  if (overage === 'bill' && (limit === null || tiers.length === 0)) return 'billed overage needs a limit and tiers';
  if (overage === 'bill' && period !== null && period !== planPeriod)
    return 'what is billed is counted in the plan’s own period';
  if (overage !== 'bill' && tiers.length > 0) return 'tiers price billed overage: set overage to bill';
  const ends = tiers.map(({ upTo }) => upTo);
  if (tiers.length > 0 && ends.at(-1) !== null) return 'the last tier has no end';
  const rising = ends.slice(0, -1).every((end, index) => end !== null && end > (ends[index - 1] ?? 0));
  return rising ? undefined : 'tiers end in rising order, and only the last has no end';
}
