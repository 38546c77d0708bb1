import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { SubjectKey } from '../../billing-bridge/ledger.js';
import type { Id } from '../../kernel/ids/id.js';

/** Something that was used, as its source said. That it is here is why the same key of the same source counts no second time. */
@Entity('billing_usage_events')
export class UsageEventEntity {
  @PrimaryColumn({ type: 'text', name: 'app_id' }) appId: Id<'app'>;
  @PrimaryColumn({ type: 'text', name: 'env_id' }) envId: Id<'environment'>;
  @PrimaryColumn('text') source: string;
  @PrimaryColumn({ type: 'text', name: 'dedupe_key' }) dedupeKey: string;
  @Column({ type: 'text', name: 'subject_key' }) subjectKey: SubjectKey;
  @Column({ type: 'text', name: 'feature_key' }) featureKey: string;
  @Column('bigint') quantity: string;
  @Column('jsonb') dimensions: Record<string, string>;
  @Column({ type: 'timestamptz', name: 'occurred_at' }) occurredAt: Date;
  @Column({ type: 'timestamptz', name: 'recorded_at' }) recordedAt: Date;
}
