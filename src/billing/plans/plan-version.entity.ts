import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Id } from '../../kernel/ids/id.js';
import type { PlanPeriod } from '../periods.js';
import type { PlanFeature } from './plan-features.js';

/** What a plan costs and holds, as it was published: never changed. Subscriptions point at one, so that no edit changes what was bought. */
@Entity('billing_plan_versions')
export class PlanVersionEntity {
  @PrimaryColumn({ type: 'text', name: 'app_id' }) appId: Id<'app'>;
  @PrimaryColumn({ type: 'text', name: 'env_id' }) envId: Id<'environment'>;
  @PrimaryColumn({ type: 'text', name: 'plan_id' }) planId: Id<'plan'>;
  @PrimaryColumn('integer') number: number;
  @Column('text') period: PlanPeriod;
  /** Minor units (cents) a period. */
  @Column({ type: 'bigint', name: 'base_amount' }) baseAmount: string;
  @Column('jsonb') features: PlanFeature[];
  @Column({ type: 'timestamptz', name: 'published_at' }) publishedAt: Date;
}
