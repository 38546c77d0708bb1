import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { Id } from '../kernel/ids/id.js';
import type { SettingScope } from './setting-definition.js';

/** A value of a setting at one level. Ids are unique over all tenants, so level and id name one place. */
@Entity('setting_values')
@Unique('setting_values_scope_scope_id_key_key', ['scope', 'scopeId', 'key'])
@Index('setting_values_app_id_env_id_idx', ['appId', 'envId'])
export class SettingValueEntity {
  @PrimaryColumn('text') id: Id<'setting'>;
  @Column('text') scope: SettingScope;
  /** Of what the value is set on; empty for the deployment. */
  @Column({ type: 'text', name: 'scope_id' }) scopeId: string;
  /** Null for the deployment. */
  @Column({ type: 'text', name: 'app_id', nullable: true, update: false }) appId: Id<'app'> | null;
  /** Null for the deployment and for an app as a whole. */
  @Column({ type: 'text', name: 'env_id', nullable: true, update: false }) envId: Id<'environment'> | null;
  @Column({ type: 'text', name: 'org_id', nullable: true, update: false }) orgId: Id<'organization'> | null;
  @Column({ type: 'text', name: 'user_id', nullable: true, update: false }) userId: Id<'user'> | null;
  @Column('text') key: string;
  /** Null for a sensitive one. */
  @Column({ type: 'jsonb', nullable: true }) value: unknown;
  @Column({ type: 'bytea', nullable: true }) sealed: Buffer | null;
  @Column('boolean') enforced: boolean;
  @Column('integer') version: number;
  @Column({ type: 'text', name: 'updated_by', nullable: true }) updatedBy: string | null;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
  @Column({ type: 'timestamptz', name: 'updated_at' }) updatedAt: Date;
}
