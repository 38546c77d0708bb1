import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The one-time secret, printed at start, that creates the first platform owner. */
@Entity('setup_tokens')
export class SetupTokenEntity {
  @PrimaryColumn({ type: 'bytea', name: 'token_hash' }) tokenHash: Buffer;
  @Column({ type: 'timestamptz', name: 'expires_at' }) expiresAt: Date;
}
