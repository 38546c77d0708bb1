import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Id } from '../../kernel/ids/id.js';

/** Wrong passwords for one account name, from strangers or from one known device. Names that no account has are counted alike. */
@Entity('sign_in_attempts')
@Index('sign_in_attempts_last_failed_at_idx', ['lastFailedAt'])
export class SignInAttemptsEntity {
  /** SHA-256 over environment, canonical identifier and known device. */
  @PrimaryColumn('bytea') key: Buffer;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  /** In a row, attempts under way included: each is counted before its password is looked at. */
  @Column('integer') failures: number;
  @Column({ type: 'timestamptz', name: 'last_failed_at' }) lastFailedAt: Date;
  @Column({ type: 'timestamptz', name: 'blocked_until', nullable: true }) blockedUntil: Date | null;
}
