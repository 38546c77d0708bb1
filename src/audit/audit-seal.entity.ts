import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Id } from '../kernel/ids/id.js';

/** A link of an app's chain: some entries, each by its digest, and the link before. Append-only for the service's role. */
@Entity('audit_seals')
export class AuditSealEntity {
  @PrimaryColumn({ type: 'text', name: 'app_id' }) appId: Id<'app'>;
  /** Counts an app's seals from 1. */
  @PrimaryColumn('integer') number: number;
  @Column({ type: 'text', array: true, name: 'entry_ids' }) entryIds: Id<'audit_entry'>[];
  /** When each happened: whether it may be gone by now. */
  @Column({ type: 'timestamptz', array: true, name: 'entry_times' }) entryTimes: Date[];
  /** Sixteen bytes for each entry, in their order. */
  @Column({ type: 'bytea', name: 'entry_macs' }) entryMacs: Buffer;
  @Column({ type: 'bytea', name: 'previous_mac' }) previousMac: Buffer;
  @Column('bytea') mac: Buffer;
  @Column({ type: 'text', name: 'key_id' }) keyId: string;
  @Column({ type: 'timestamptz', name: 'sealed_at' }) sealedAt: Date;
}
