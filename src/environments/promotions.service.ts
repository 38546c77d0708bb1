import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../kernel/audit/audit-trail.js';
import { type AppScope, type EnvScope, scopeTo } from '../kernel/context/scope.js';
import { Events } from '../kernel/events/events.js';
import type { Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import type { SettingAuthor } from '../settings/settings.service.js';
import { type EnvironmentPart, EnvironmentParts, type PartDocument } from './environment-parts.js';
import type { EnvironmentEntity } from './environment.entity.js';
import './environments.events.js';
import { PlanOutdated, SameEnvironment } from './environments.problems.js';
import { EnvironmentsService, type NewEnvironment } from './environments.service.js';
import { changesOf, planIdOf, type PlannedChange, type PromotionPlan } from './promotion.rules.js';

export interface PromotionRequest {
  readonly source: Id<'environment'>;
  readonly target: Id<'environment'>;
  /** Which kinds of configuration; undefined: all. */
  readonly kinds?: readonly string[];
  /** Items to leave as they are, as `<kind>/<key>`. */
  readonly except?: readonly string[];
  /** Whether what the target has alone is deleted. Default: it stays. */
  readonly prune?: boolean;
}

export interface ClonedEnvironment {
  readonly environment: EnvironmentEntity;
  /** How many items of each kind came along. */
  readonly cloned: Readonly<Record<string, number>>;
  /** By kind and old id: the new one. */
  readonly ids: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What came along, by kind. */
  readonly documents: Readonly<Record<string, readonly PartDocument[]>>;
}

/** Configuration that travels between the environments of an app: as a plan to look at first, or whole into a new environment. */
@Injectable()
export class PromotionsService {
  constructor(
    private readonly environments: EnvironmentsService,
    private readonly parts: EnvironmentParts,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
  ) {}

  /** Compares, and changes nothing. @throws EnvironmentNotFound, SameEnvironment */
  async plan(scope: AppScope, request: PromotionRequest): Promise<PromotionPlan> {
    const { source, target, kinds, except = [], prune = false } = request;
    if (source === target) throw new SameEnvironment();
    await this.environments.get(scope, source);
    await this.environments.get(scope, target);
    const changes: PlannedChange[] = [];
    for (const part of this.parts.of(kinds)) {
      const from = await part.read(scopeTo.env(scope.appId, source));
      const to = await part.read(scopeTo.env(scope.appId, target));
      changes.push(...changesOf(part.kind, from, to, prune));
    }
    const kept = changes.filter(({ kind, key }) => !except.includes(`${kind}/${key}`));
    return { planId: planIdOf([source, target], kept), changes: kept };
  }

  /**
   * Applies a plan that was looked at: all of it, or nothing.
   * @param planId of that plan. @throws EnvironmentNotFound, SameEnvironment, PlanOutdated; what an item is refused with
   */
  apply(scope: AppScope, request: PromotionRequest, planId: string, by: SettingAuthor): Promise<PromotionPlan> {
    const { source, target } = request;
    return this.database.transaction(async () => {
      await this.environments.lock(scope, [source, target]);
      const plan = await this.plan(scope, request);
      if (plan.planId !== planId) throw new PlanOutdated();
      const inside = scopeTo.env(scope.appId, target);
      for (const { kind, key, after } of plan.changes) {
        const [part] = this.parts.of([kind]);
        await part?.write(inside, key, after, by);
      }
      const payload = { env_id: target, source_env_id: source, changes: plan.changes.length };
      await this.events.record(inside, 'environment.promoted', target, payload);
      this.audit.record(inside, {
        action: 'environment.promote',
        actor: by.actor,
        target: { type: 'environment', id: target },
        metadata: { source, changes: plan.changes.map(({ kind, key, action }) => `${action} ${kind}/${key}`) },
      });
      return plan;
    });
  }

  /**
   * Makes an environment with the configuration of another one: never its users, sessions, keys or secrets (R184).
   * @param input its settings go over the cloned ones. @throws EnvironmentNotFound, EnvironmentSlugTaken
   */
  clone(
    scope: AppScope,
    source: Id<'environment'>,
    input: NewEnvironment,
    by: SettingAuthor,
  ): Promise<ClonedEnvironment> {
    return this.database.transaction(async () => {
      await this.environments.lock(scope, [source]);
      const { settings, ...rest } = input;
      const environment = await this.environments.create(scope, { ...rest, clonedFrom: source }, by);
      const { id, name } = environment;
      const inside = scopeTo.env(scope.appId, id);
      const cloned: Record<string, number> = {};
      const ids: Record<string, Record<string, string>> = {};
      const documents: Record<string, readonly PartDocument[]> = {};
      for (const part of this.parts.of()) {
        const from = scopeTo.env(scope.appId, source);
        const items = await part.read(from);
        for (const [key, document] of items) await part.write(inside, key, document, by);
        cloned[part.kind] = items.size;
        documents[part.kind] = [...items.values()];
        ids[part.kind] = await newIds(part, from, inside);
      }
      if (settings !== undefined) await this.environments.changeSettings(scope, id, settings, by);
      await this.events.record(inside, 'environment.cloned', id, { env_id: id, env_name: name, source_env_id: source });
      this.audit.record(inside, {
        action: 'environment.clone',
        actor: by.actor,
        target: { type: 'environment', id },
        metadata: { source },
      });
      return { environment, cloned, ids, documents };
    });
  }
}

/** Which id in the new environment stands for which in the old one. */
async function newIds(part: EnvironmentPart, from: EnvScope, to: EnvScope): Promise<Record<string, string>> {
  if (part.ids === undefined) return {};
  const after = await part.ids(to);
  const pairs = [...(await part.ids(from))].flatMap(([key, id]) => {
    const made = after.get(key);
    return made === undefined ? [] : [[id, made] as const];
  });
  return Object.fromEntries(pairs);
}
