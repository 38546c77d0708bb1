import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';
import type { Id } from '../kernel/ids/id.js';

/** What an app offers its users, as clients see it. Null: the default. */
@Entity('app_client_configs')
@Unique('app_client_configs_app_id_key', ['appId'])
export class ClientConfigEntity {
  @PrimaryColumn('text') id: Id<'client_config'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'boolean', name: 'signup_enabled', nullable: true }) signupEnabled: boolean | null;
  @Column({ type: 'boolean', name: 'password_enabled', nullable: true }) passwordEnabled: boolean | null;
  @Column({ type: 'boolean', name: 'require_email_verification', nullable: true }) requireEmailVerification:
    boolean | null;
  @Column({ type: 'text', name: 'app_name', nullable: true }) appName: string | null;
  @Column({ type: 'text', name: 'logo_url', nullable: true }) logoUrl: string | null;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
  @Column({ type: 'timestamptz', name: 'updated_at' }) updatedAt: Date;
}
