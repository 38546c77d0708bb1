import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Id } from '../kernel/ids/id.js';

export const STAT_METRICS = [
  'sign_ups',
  'sign_ins',
  'sign_in_failures',
  'users_deleted',
  'active_day',
  'active_week',
  'active_month',
] as const;
export type StatMetric = (typeof STAT_METRICS)[number];

/** How often something happened on one day (UTC), in one environment; of active people, in the day, week or month that begins then. */
@Entity('stat_counters')
export class StatCounterEntity {
  @PrimaryColumn({ type: 'text', name: 'app_id' }) appId: Id<'app'>;
  @PrimaryColumn({ type: 'text', name: 'env_id' }) envId: Id<'environment'>;
  @PrimaryColumn('text') metric: StatMetric;
  @PrimaryColumn('date') day: string;
  @Column('bigint') value: string;
}
