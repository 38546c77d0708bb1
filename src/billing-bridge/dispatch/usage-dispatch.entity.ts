import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { Id } from '../../kernel/ids/id.js';
import type { SubjectKey } from '../ledger.js';

/** Usage on its way to a billing engine elsewhere: written with the change it follows from, deleted once it was taken. */
@Entity('usage_dispatches')
@Unique('usage_dispatches_dedupe_key_key', ['appId', 'envId', 'provider', 'source', 'dedupeKey'])
@Index('usage_dispatches_due_idx', ['nextAttemptAt', 'id'], { where: "state = 'waiting'" })
export class UsageDispatchEntity {
  @PrimaryColumn('text') id: Id<'usage_dispatch'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  /** The ledger it is for. */
  @Column('text') provider: string;
  @Column({ type: 'text', name: 'subject_key' }) subjectKey: SubjectKey;
  @Column({ type: 'text', name: 'feature_key' }) featureKey: string;
  @Column('bigint') quantity: string;
  @Column('text') source: string;
  @Column({ type: 'text', name: 'dedupe_key' }) dedupeKey: string;
  @Column('jsonb') dimensions: Record<string, string>;
  @Column({ type: 'timestamptz', name: 'occurred_at' }) occurredAt: Date;
  /** `dead`: refused for good, with the reason; kept for somebody to look at. */
  @Column('text') state: 'waiting' | 'dead';
  @Column('integer') attempts: number;
  @Column({ type: 'timestamptz', name: 'next_attempt_at' }) nextAttemptAt: Date;
  @Column({ type: 'text', name: 'last_error', nullable: true }) lastError: string | null;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
}
