import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { SubjectKey } from '../../billing-bridge/ledger.js';
import type { Id } from '../../kernel/ids/id.js';
import type { FeatureUsage, InvoiceLine } from './invoice-lines.js';

export type InvoiceStatus = 'open' | 'paid' | 'past_due' | 'void';

/** What a subscription owes for one period that is over. Amounts are minor units (cents); lines never change. */
@Entity('billing_invoices')
@Unique('billing_invoices_period_key', ['appId', 'envId', 'subscriptionId', 'periodStart'])
@Index('billing_invoices_subject_key_idx', ['appId', 'envId', 'subjectKey', 'id'])
@Index('billing_invoices_due_at_idx', ['dueAt'], { where: "status = 'open'" })
export class InvoiceEntity {
  @PrimaryColumn('text') id: Id<'invoice'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column({ type: 'text', name: 'subscription_id' }) subscriptionId: Id<'subscription'>;
  @Column({ type: 'text', name: 'subject_key' }) subjectKey: SubjectKey;
  @Column('text') status: InvoiceStatus;
  @Column('text') currency: string;
  @Column('bigint') subtotal: string;
  @Column('bigint') discount: string;
  @Column('bigint') total: string;
  @Column('jsonb') lines: InvoiceLine[];
  /** What was counted, with the prices that held: late usage is charged by it. */
  @Column('jsonb') usage: FeatureUsage[];
  @Column({ type: 'timestamptz', name: 'period_start' }) periodStart: Date;
  @Column({ type: 'timestamptz', name: 'period_end' }) periodEnd: Date;
  @Column({ type: 'timestamptz', name: 'due_at' }) dueAt: Date;
  @Column({ type: 'timestamptz', name: 'paid_at', nullable: true }) paidAt: Date | null;
  @Column({ type: 'text', name: 'payment_ref', nullable: true }) paymentRef: string | null;
  @Column({ type: 'timestamptz', name: 'voided_at', nullable: true }) voidedAt: Date | null;
  @Column({ type: 'text', name: 'void_reason', nullable: true }) voidReason: string | null;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
}
