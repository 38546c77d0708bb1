import { Entity, PrimaryColumn } from 'typeorm';
import type { SubjectKey } from '../../billing-bridge/ledger.js';
import type { Id } from '../../kernel/ids/id.js';

/** A value that a `unique` meter has counted in a period: there once, so that it counts once. */
@Entity('billing_usage_uniques')
export class UsageUniqueEntity {
  @PrimaryColumn({ type: 'text', name: 'app_id' }) appId: Id<'app'>;
  @PrimaryColumn({ type: 'text', name: 'env_id' }) envId: Id<'environment'>;
  @PrimaryColumn({ type: 'text', name: 'subject_key' }) subjectKey: SubjectKey;
  @PrimaryColumn({ type: 'text', name: 'meter_key' }) meterKey: string;
  @PrimaryColumn({ type: 'timestamptz', name: 'period_start' }) periodStart: Date;
  @PrimaryColumn('text') value: string;
}
