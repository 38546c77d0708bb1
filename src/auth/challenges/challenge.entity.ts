import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { Id } from '../../kernel/ids/id.js';

export const CHALLENGE_PURPOSES = [
  'verify_email',
  'reset_password',
  'change_email',
  // Mailed to the old address: the first when a change is asked for, the second when it has happened.
  'undo_email_change',
  'revert_email_change',
] as const;
/** What a mailed secret is good for: it is refused everywhere else (R108). */
export type ChallengePurpose = (typeof CHALLENGE_PURPOSES)[number];

/**
 * A secret that was mailed to somebody. At most one per user and purpose: a newer one replaces the older (R122). Using it deletes the
 * row in one statement, so it works once, and used, expired, replaced and unknown look the same.
 */
@Entity('challenges')
@Unique('challenges_user_id_purpose_key', ['appId', 'envId', 'userId', 'purpose'])
@Unique('challenges_token_hash_key', ['tokenHash'])
@Index('challenges_expires_at_idx', ['expiresAt'])
export class ChallengeEntity {
  @PrimaryColumn('text') id: Id<'verification'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column({ type: 'text', name: 'user_id', update: false }) userId: Id<'user'>;
  @Column('text') purpose: ChallengePurpose;
  /** The address it was mailed to and speaks for (R119). */
  @Column('text') email: string;
  @Column({ type: 'bytea', name: 'token_hash' }) tokenHash: Buffer;
  /** Null for purposes that have a link only. */
  @Column({ type: 'bytea', name: 'code_mac', nullable: true }) codeMac: Buffer | null;
  @Column({ type: 'timestamptz', name: 'code_expires_at', nullable: true }) codeExpiresAt: Date | null;
  /** Guesses made at the code. */
  @Column('integer') attempts: number;
  @Column({ type: 'timestamptz', name: 'expires_at' }) expiresAt: Date;
  @Column({ type: 'timestamptz', name: 'created_at' }) createdAt: Date;
}
