import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How far the sealer has come, over all apps. One row. Its transaction number is read and written by SQL alone. */
@Entity('audit_sealer')
export class AuditSealerEntity {
  @PrimaryColumn('text') name: string;
  @Column({ type: 'text', name: 'entry_id' }) entryId: string;
}
