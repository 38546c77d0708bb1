import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Id } from '../../kernel/ids/id.js';

/** How many calls of a key in a window were handed to replicas, who hand them on. Lost counts in a crash of PostgreSQL are harmless. */
@Entity('api_key_windows')
@Index('api_key_windows_ends_at_idx', ['endsAt'])
export class KeyWindowEntity {
  @PrimaryColumn({ type: 'text', name: 'app_id' }) appId: Id<'app'>;
  @PrimaryColumn({ type: 'text', name: 'env_id' }) envId: Id<'environment'>;
  @PrimaryColumn({ type: 'text', name: 'key_id' }) keyId: Id<'api_key'>;
  @PrimaryColumn('text') name: string;
  @PrimaryColumn({ type: 'timestamptz', name: 'starts_at' }) startsAt: Date;
  @Column('bigint') used: string;
  @Column({ type: 'timestamptz', name: 'ends_at' }) endsAt: Date;
}
