import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { SubjectKey } from '../../billing-bridge/ledger.js';
import type { Id } from '../../kernel/ids/id.js';

/** Usage of a period that limits no longer count, because somebody reset it. What was recorded stays. */
@Entity('billing_resets')
export class UsageResetEntity {
  @PrimaryColumn({ type: 'text', name: 'app_id' }) appId: Id<'app'>;
  @PrimaryColumn({ type: 'text', name: 'env_id' }) envId: Id<'environment'>;
  @PrimaryColumn({ type: 'text', name: 'subject_key' }) subjectKey: SubjectKey;
  @PrimaryColumn({ type: 'text', name: 'feature_key' }) featureKey: string;
  @PrimaryColumn({ type: 'timestamptz', name: 'period_start' }) periodStart: Date;
  @Column('bigint') baseline: string;
  @Column({ type: 'timestamptz', name: 'reset_at' }) resetAt: Date;
}
