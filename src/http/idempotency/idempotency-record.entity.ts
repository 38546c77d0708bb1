import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** The answer to one idempotent request, or the claim of the replica that is working on it. */
@Entity('idempotency_records')
@Index('idempotency_records_expires_at_idx', ['expiresAt'])
export class IdempotencyRecordEntity {
  /** SHA-256 over tenant, caller, route and key: a record is found by whoever made the request, and by nobody else. */
  @PrimaryColumn('bytea') id: Buffer;
  /** HMAC of URL and body. */
  @Column('bytea') fingerprint: Buffer;
  /** Null while the request runs. */
  @Column({ type: 'integer', nullable: true }) status: number | null;
  /** Body and headers, sealed: answers may hold tokens. */
  @Column({ type: 'bytea', nullable: true }) answer: Buffer | null;
  /** While it runs: when the claim lapses. */
  @Column({ type: 'timestamptz', name: 'claimed_until', nullable: true }) claimedUntil: Date | null;
  @Column({ type: 'timestamptz', name: 'expires_at' }) expiresAt: Date;
}
