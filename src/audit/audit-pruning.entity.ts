import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Signed by the service: entries from before then may be gone, because retention ended. */
@Entity('audit_prunings')
export class AuditPruningEntity {
  @PrimaryColumn({ type: 'timestamptz', name: 'pruned_before' }) prunedBefore: Date;
  @Column({ type: 'timestamptz', name: 'pruned_at' }) prunedAt: Date;
  @Column({ type: 'text', name: 'key_id' }) keyId: string;
  @Column('bytea') mac: Buffer;
}
