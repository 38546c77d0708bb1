import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { SubjectKey } from '../../billing-bridge/ledger.js';
import type { Id } from '../../kernel/ids/id.js';

/** That a subject's usage reached a share of its limit in a period has been said: once. */
@Entity('billing_quota_marks')
export class QuotaMarkEntity {
  @PrimaryColumn({ type: 'text', name: 'app_id' }) appId: Id<'app'>;
  @PrimaryColumn({ type: 'text', name: 'env_id' }) envId: Id<'environment'>;
  @PrimaryColumn({ type: 'text', name: 'subject_key' }) subjectKey: SubjectKey;
  @PrimaryColumn({ type: 'text', name: 'feature_key' }) featureKey: string;
  @PrimaryColumn({ type: 'timestamptz', name: 'period_start' }) periodStart: Date;
  @PrimaryColumn('integer') percent: number;
  @Column({ type: 'timestamptz', name: 'marked_at' }) markedAt: Date;
}
