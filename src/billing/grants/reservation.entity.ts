import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { SubjectKey } from '../../billing-bridge/ledger.js';
import type { Id } from '../../kernel/ids/id.js';

/** Units held for something that is under way. Nobody else gets them until it expires. */
@Entity('billing_reservations')
@Index('billing_reservations_subject_key_idx', ['appId', 'envId', 'subjectKey', 'featureKey'])
@Index('billing_reservations_expires_at_idx', ['expiresAt'])
export class ReservationEntity {
  @PrimaryColumn('text') id: Id<'reservation'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column({ type: 'text', name: 'subject_key' }) subjectKey: SubjectKey;
  @Column({ type: 'text', name: 'feature_key' }) featureKey: string;
  @Column('bigint') quantity: string;
  @Column({ type: 'timestamptz', name: 'expires_at' }) expiresAt: Date;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
}
