import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';
import type { Id } from '../kernel/ids/id.js';

/** A machine that calls the service: of an app as a whole, or of one of its environments. Its keys open it; it has no password. */
@Entity('service_accounts')
@Unique('service_accounts_app_id_id_key', ['appId', 'id'])
@Unique('service_accounts_app_id_name_key', ['appId', 'name'])
export class ServiceAccountEntity {
  @PrimaryColumn('text') id: Id<'service_account'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', nullable: true, update: false }) envId: Id<'environment'> | null;
  @Column('text') name: string;
  @Column({ type: 'text', nullable: true }) description: string | null;
  @Column({ type: 'text', array: true }) scopes: string[];
  @Column({ type: 'timestamptz', name: 'disabled_at', nullable: true }) disabledAt: Date | null;
  @Column('integer') version: number;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
  @Column({ type: 'timestamptz', name: 'updated_at' }) updatedAt: Date;
}
