import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { columnsOf } from '../../kernel/persistence/columns.js';
import { Database } from '../../kernel/persistence/database.js';
import { EnvScopedRepository } from '../../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../../kernel/persistence/statement.js';
import { PlanSlugTaken } from '../billing.problems.js';
import type { PlanPeriod } from '../periods.js';
import type { PlanFeature } from './plan-features.js';
import { PlanEntity, type PlanStatus } from './plan.entity.js';

/** What a version of a plan costs and holds. */
export interface PlanTerms {
  readonly number: number;
  readonly period: PlanPeriod;
  /** Minor units (cents) a period. */
  readonly baseAmount: number;
  readonly features: readonly PlanFeature[];
}

/** A plan with the version that newcomers get. */
export interface PublishedPlan extends PlanEntity {
  readonly terms: PlanTerms;
}

export type NewPlan = Pick<
  PlanEntity,
  'id' | 'slug' | 'name' | 'description' | 'currency' | 'status' | 'isAddon' | 'trialDays' | 'metadata'
>;
export type NewTerms = Omit<PlanTerms, 'number'>;

const COLUMNS = columnsOf(PlanEntity);
const P_COLUMNS = columnsOf(PlanEntity, 'p');
const TERMS = `jsonb_build_object('number', v.number, 'period', v.period, 'baseAmount', v.base_amount, 'features', v.features) AS terms`;

const INSERT = envStatement(
  'billing_plans.insert',
  `INSERT INTO billing_plans (app_id, env_id, id, slug, name, description, currency, status, is_addon, trial_days, metadata,
     latest_version, version, created_at, updated_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, 1, $12, $12) RETURNING ${COLUMNS}`,
);
const INSERT_VERSION = envStatement(
  'billing_plan_versions.insert',
  `INSERT INTO billing_plan_versions AS v (app_id, env_id, plan_id, number, period, base_amount, features, published_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING ${TERMS}`,
);
const OUTDATE = envStatement(
  'billing_plans.outdate',
  `UPDATE billing_plans SET latest_version = latest_version + 1, version = version + 1, updated_at = $4
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND ($5::integer IS NULL OR version = $5) RETURNING ${COLUMNS}`,
);
const SET_STATUS = envStatement(
  'billing_plans.set_status',
  `UPDATE billing_plans SET status = $4, version = version + 1, updated_at = $5
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND status <> $4 RETURNING ${COLUMNS}`,
);
const LATEST = `SELECT ${P_COLUMNS}, ${TERMS} FROM billing_plans p
   JOIN billing_plan_versions v ON v.app_id = p.app_id AND v.env_id = p.env_id AND v.plan_id = p.id AND v.number = p.latest_version
   WHERE p.app_id = $1 AND p.env_id = $2`;
const FIND = envStatement('billing_plans.find', `${LATEST} AND p.id = $3`);
const FIND_BY_SLUG = envStatement('billing_plans.find_by_slug', `${LATEST} AND p.slug = $3`);
const PAGE = envStatement(
  'billing_plans.page',
  `${LATEST} AND ($3::text[] IS NULL OR p.status = ANY ($3)) AND ($4 = '' OR p.id < $4) ORDER BY p.id DESC LIMIT $5`,
  { replanned: true },
);
const COUNT = envStatement(
  'billing_plans.count',
  `SELECT count(*)::integer AS total FROM (
     SELECT FROM billing_plans WHERE app_id = $1 AND env_id = $2 AND ($3::text[] IS NULL OR status = ANY ($3)) LIMIT 10000) p`,
);
const VERSION = envStatement(
  'billing_plan_versions.find',
  `SELECT ${TERMS} FROM billing_plan_versions v WHERE app_id = $1 AND env_id = $2 AND plan_id = $3 AND number = $4`,
);

@Injectable()
export class PlansRepository extends EnvScopedRepository<PlanEntity> {
  constructor(database: Database) {
    super(database, PlanEntity, { billing_plans_app_id_env_id_slug_key: () => new PlanSlugTaken() });
  }

  /** @throws PlanSlugTaken */
  async insert(scope: EnvScope, plan: NewPlan, terms: NewTerms, now: Date): Promise<PublishedPlan> {
    const { id, slug, name, description, currency, status, isAddon, trialDays, metadata } = plan;
    const values = [id, slug, name, description, currency, status, isAddon, trialDays, metadata, now];
    const [row] = (await this.queryIn<PlanEntity>(scope, INSERT, values)).rows;
    return { ...(row as PlanEntity), terms: await this.insertVersion(scope, id, 1, terms, now) };
  }

  /** @returns undefined when there is none of that version. */
  async publish(
    scope: EnvScope,
    id: Id<'plan'>,
    terms: NewTerms,
    version: number | undefined,
    now: Date,
  ): Promise<PublishedPlan | undefined> {
    const [plan] = (await this.queryIn<PlanEntity>(scope, OUTDATE, [id, now, version ?? null])).rows;
    return plan && { ...plan, terms: await this.insertVersion(scope, id, plan.latestVersion, terms, now) };
  }

  /** @returns undefined when it had the status already. */
  async setStatus(scope: EnvScope, id: Id<'plan'>, status: PlanStatus, now: Date): Promise<PlanEntity | undefined> {
    return (await this.queryIn<PlanEntity>(scope, SET_STATUS, [id, status, now])).rows[0];
  }

  async find(scope: EnvScope, id: Id<'plan'>): Promise<PublishedPlan | undefined> {
    return (await this.queryIn<PublishedPlan>(scope, FIND, [id])).rows[0];
  }

  async findBySlug(scope: EnvScope, slug: string): Promise<PublishedPlan | undefined> {
    return (await this.queryIn<PublishedPlan>(scope, FIND_BY_SLUG, [slug])).rows[0];
  }

  /** Newest first, older than `before` (empty: from the newest). @param statuses undefined: whatever theirs. */
  async page(
    scope: EnvScope,
    statuses: readonly PlanStatus[] | undefined,
    before: string,
    limit: number,
  ): Promise<PublishedPlan[]> {
    return (await this.queryIn<PublishedPlan>(scope, PAGE, [statuses ?? null, before, limit])).rows;
  }

  /** Up to 10,000. */
  async count(scope: EnvScope, statuses: readonly PlanStatus[] | undefined): Promise<number> {
    return (await this.queryIn<{ total: number }>(scope, COUNT, [statuses ?? null])).rows[0]?.total ?? 0;
  }

  async version(scope: EnvScope, id: Id<'plan'>, number: number): Promise<PlanTerms | undefined> {
    return (await this.queryIn<{ terms: PlanTerms }>(scope, VERSION, [id, number])).rows[0]?.terms;
  }

  private async insertVersion(
    scope: EnvScope,
    id: Id<'plan'>,
    number: number,
    { period, baseAmount, features }: NewTerms,
    now: Date,
  ): Promise<PlanTerms> {
    const values = [id, number, period, baseAmount, JSON.stringify(features), now];
    const [row] = (await this.queryIn<{ terms: PlanTerms }>(scope, INSERT_VERSION, values)).rows;
    return (row as { terms: PlanTerms }).terms;
  }
}
