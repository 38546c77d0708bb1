import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';
import type { Metadata } from '../../http/validation/metadata.js';
import type { Id } from '../../kernel/ids/id.js';

export const PLAN_STATUSES = ['draft', 'active', 'archived'] as const;
export type PlanStatus = (typeof PLAN_STATUSES)[number];

/** What can be subscribed to in an environment. What it costs and holds is in its versions. */
@Entity('billing_plans')
@Unique('billing_plans_app_id_env_id_id_key', ['appId', 'envId', 'id'])
@Unique('billing_plans_app_id_env_id_slug_key', ['appId', 'envId', 'slug'])
export class PlanEntity {
  @PrimaryColumn('text') id: Id<'plan'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column('text') slug: string;
  @Column('text') name: string;
  @Column('text') description: string;
  /** ISO 4217, lower case. */
  @Column('text') currency: string;
  @Column('text') status: PlanStatus;
  /** Subscribed to beside the subject's plan: what it holds is added. */
  @Column({ type: 'boolean', name: 'is_addon' }) isAddon: boolean;
  @Column({ type: 'integer', name: 'trial_days' }) trialDays: number;
  @Column('jsonb') metadata: Metadata;
  @Column({ type: 'integer', name: 'latest_version' }) latestVersion: number;
  @Column('integer') version: number;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
  @Column({ type: 'timestamptz', name: 'updated_at' }) updatedAt: Date;
}
