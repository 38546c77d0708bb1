import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { SubjectKey } from '../../billing-bridge/ledger.js';
import type { Id } from '../../kernel/ids/id.js';

/** Units beyond what a plan includes. What a period uses beyond the plan's limit is taken from them when it ends. */
@Entity('billing_grants')
@Index('billing_grants_subject_key_idx', ['appId', 'envId', 'subjectKey', 'featureKey', 'id'])
export class GrantEntity {
  @PrimaryColumn('text') id: Id<'grant'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column({ type: 'text', name: 'subject_key' }) subjectKey: SubjectKey;
  @Column({ type: 'text', name: 'feature_key' }) featureKey: string;
  @Column('bigint') amount: string;
  @Column('bigint') remaining: string;
  /** The lower, the earlier it is used. */
  @Column('integer') priority: number;
  @Column({ type: 'timestamptz', name: 'effective_at' }) effectiveAt: Date;
  @Column({ type: 'timestamptz', name: 'expires_at', nullable: true }) expiresAt: Date | null;
  /** What it has at least after a period, and at most of what was left. */
  @Column({ type: 'bigint', name: 'least_rollover' }) leastRollover: string;
  @Column({ type: 'bigint', name: 'most_rollover' }) mostRollover: string;
  @Column({ type: 'timestamptz', name: 'voided_at', nullable: true }) voidedAt: Date | null;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
}
