import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Id } from '../../kernel/ids/id.js';

/** How often a key was used in an hour, with what outcome, for what, and by which of its secrets. */
@Entity('api_key_usage')
@Index('api_key_usage_hour_idx', ['hour'])
export class KeyUsageEntity {
  @PrimaryColumn({ type: 'text', name: 'app_id' }) appId: Id<'app'>;
  @PrimaryColumn({ type: 'text', name: 'env_id' }) envId: Id<'environment'>;
  @PrimaryColumn({ type: 'text', name: 'key_id' }) keyId: Id<'api_key'>;
  @PrimaryColumn('timestamptz') hour: Date;
  /** `accepted`, or the code of the refusal. */
  @PrimaryColumn('text') outcome: string;
  @PrimaryColumn('text') tag: string;
  @PrimaryColumn('text') generation: 'current' | 'grace';
  @Column('bigint') count: string;
  /** How many of them took how long: by the buckets of latency.ts. */
  @Column({ type: 'bigint', array: true }) latency: string[];
}
