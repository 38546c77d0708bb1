import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Id } from '../kernel/ids/id.js';

/** An app granted to an operator who is not a platform owner. */
@Entity('operator_apps')
@Index('operator_apps_app_id_idx', ['appId'])
export class OperatorAppEntity {
  @PrimaryColumn({ type: 'text', name: 'user_id' }) userId: Id<'user'>;
  @PrimaryColumn({ type: 'text', name: 'app_id' }) appId: Id<'app'>;
  @Column({ type: 'timestamptz', name: 'created_at' }) createdAt: Date;
}
