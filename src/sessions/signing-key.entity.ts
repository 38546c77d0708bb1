import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Id } from '../kernel/ids/id.js';

/** A key that signs access tokens of apps that ask for JWTs. It is published, then signs, then only verifies, then is gone. */
@Entity('signing_keys')
export class SigningKeyEntity {
  /** Also the `kid`. */
  @PrimaryColumn('text') id: Id<'signing_key'>;
  @Column('text') algorithm: 'ES256' | 'EdDSA';
  @Column({ type: 'jsonb', name: 'public_jwk' }) publicJwk: Record<string, unknown>;
  @Column({ type: 'bytea', name: 'private_sealed' }) privateSealed: Buffer;
  /** Signs from then on; published before. */
  @Column({ type: 'timestamptz', name: 'activates_at' }) activatesAt: Date;
  /** Signs no more from then on; still verifies what it signed. */
  @Column({ type: 'timestamptz', name: 'retires_at' }) retiresAt: Date;
  /** Withdrawn in an emergency: nothing it signed is accepted. */
  @Column({ type: 'timestamptz', name: 'revoked_at', nullable: true }) revokedAt: Date | null;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
}
