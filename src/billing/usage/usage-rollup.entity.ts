import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { SubjectKey } from '../../billing-bridge/ledger.js';
import type { Id } from '../../kernel/ids/id.js';

/** What one meter counted for one subject in one hour (of unique values: in one period). A period's usage is the sum of a few of these. */
@Entity('billing_usage_rollups')
export class UsageRollupEntity {
  @PrimaryColumn({ type: 'text', name: 'app_id' }) appId: Id<'app'>;
  @PrimaryColumn({ type: 'text', name: 'env_id' }) envId: Id<'environment'>;
  @PrimaryColumn({ type: 'text', name: 'subject_key' }) subjectKey: SubjectKey;
  @PrimaryColumn({ type: 'text', name: 'meter_key' }) meterKey: string;
  @PrimaryColumn('timestamptz') bucket: Date;
  /** The dimensions that are counted apart, as JSON with sorted keys; empty where there are none. */
  @PrimaryColumn('text') dimensions: string;
  @Column('bigint') total: string;
  @Column('bigint') events: string;
  @Column('bigint') highest: string;
  @Column('bigint') latest: string;
  @Column({ type: 'timestamptz', name: 'latest_at' }) latestAt: Date;
}
