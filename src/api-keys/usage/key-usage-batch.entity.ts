import { Column, Entity, PrimaryColumn } from 'typeorm';

/** That a batch of counts was written: brought again after a lost answer, it counts no second time. */
@Entity('api_key_usage_batches')
export class KeyUsageBatchEntity {
  @PrimaryColumn('text') id: string;
  @Column({ type: 'timestamptz', name: 'created_at' }) createdAt: Date;
}
