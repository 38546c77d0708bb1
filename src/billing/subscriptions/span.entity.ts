import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Id } from '../../kernel/ids/id.js';

/** When a subscription cost the base fee of which plan: not in a trial, not while paused. Invoices charge parts of a period by it. */
@Entity('billing_spans')
export class SpanEntity {
  @PrimaryColumn({ type: 'text', name: 'app_id' }) appId: Id<'app'>;
  @PrimaryColumn({ type: 'text', name: 'env_id' }) envId: Id<'environment'>;
  @PrimaryColumn({ type: 'text', name: 'subscription_id' }) subscriptionId: Id<'subscription'>;
  @PrimaryColumn({ type: 'timestamptz', name: 'starts_at' }) startsAt: Date;
  @Column({ type: 'timestamptz', name: 'ends_at', nullable: true }) endsAt: Date | null;
  @Column({ type: 'text', name: 'plan_id' }) planId: Id<'plan'>;
  @Column({ type: 'integer', name: 'plan_version' }) planVersion: number;
}
