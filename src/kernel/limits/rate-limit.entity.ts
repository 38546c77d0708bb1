import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('rate_limits')
@Index('rate_limits_window_ends_at_idx', ['windowEndsAt'])
export class RateLimitEntity {
  @PrimaryColumn('text') key: string;
  @Column('integer') count: number;
  @Column({ type: 'timestamptz', name: 'window_ends_at' }) windowEndsAt: Date;
}
