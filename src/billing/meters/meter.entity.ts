import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';
import type { Id } from '../../kernel/ids/id.js';
import type { Aggregation } from './meter.rules.js';

/** How usage events of an environment add up to a number, beside the meters that are built in. */
@Entity('billing_meters')
@Unique('billing_meters_app_id_env_id_key_key', ['appId', 'envId', 'key'])
export class MeterEntity {
  @PrimaryColumn('text') id: Id<'meter'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column('text') key: string;
  /** The feature key of the usage it takes. */
  @Column({ type: 'text', name: 'event_key' }) eventKey: string;
  @Column('text') aggregation: Aggregation;
  /** The dimension whose values `unique` counts; null otherwise. */
  @Column({ type: 'text', name: 'value_dimension', nullable: true }) valueDimension: string | null;
  /** Dimensions whose values are counted apart. */
  @Column({ type: 'text', name: 'group_by', array: true }) groupBy: string[];
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
}
