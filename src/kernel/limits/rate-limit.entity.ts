import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('rate_limits')
export class RateLimitEntity {
  @PrimaryColumn('text') key: string;
  @Column('integer') count: number;
  @Column({ type: 'timestamptz', name: 'window_ends_at' }) windowEndsAt: Date;
}
