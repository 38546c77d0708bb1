import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Id } from '../../kernel/ids/id.js';
import type { SubjectKey } from '../ledger.js';

/** What a billing engine elsewhere calls a subject. */
@Entity('billing_customers')
export class BillingCustomerEntity {
  @PrimaryColumn({ type: 'text', name: 'app_id' }) appId: Id<'app'>;
  @PrimaryColumn({ type: 'text', name: 'env_id' }) envId: Id<'environment'>;
  @PrimaryColumn('text') provider: string;
  @PrimaryColumn({ type: 'text', name: 'subject_key' }) subjectKey: SubjectKey;
  @Column({ type: 'text', name: 'external_id' }) externalId: string;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
}
