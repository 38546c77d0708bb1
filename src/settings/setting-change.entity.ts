import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Id } from '../kernel/ids/id.js';
import type { SettingScope } from './setting-definition.js';

export const SETTING_ACTIONS = ['set', 'enforced', 'unenforced', 'deleted'] as const;
export type SettingAction = (typeof SETTING_ACTIONS)[number];

/** One change of a setting, kept as long as what it was set on. Values of sensitive settings are not written down. */
@Entity('setting_changes')
@Index('setting_changes_scope_scope_id_key_id_idx', ['scope', 'scopeId', 'key', 'id'])
@Index('setting_changes_app_id_env_id_idx', ['appId', 'envId'])
export class SettingChangeEntity {
  @PrimaryColumn('text') id: Id<'setting_change'>;
  @Column('text') scope: SettingScope;
  @Column({ type: 'text', name: 'scope_id' }) scopeId: string;
  @Column({ type: 'text', name: 'app_id', nullable: true, update: false }) appId: Id<'app'> | null;
  @Column({ type: 'text', name: 'env_id', nullable: true, update: false }) envId: Id<'environment'> | null;
  @Column({ type: 'text', name: 'org_id', nullable: true, update: false }) orgId: Id<'organization'> | null;
  @Column({ type: 'text', name: 'user_id', nullable: true, update: false }) userId: Id<'user'> | null;
  @Column('text') key: string;
  @Column('text') action: SettingAction;
  @Column({ type: 'jsonb', nullable: true }) before: unknown;
  @Column({ type: 'jsonb', nullable: true }) after: unknown;
  @Column({ type: 'text', name: 'changed_by', nullable: true }) changedBy: string | null;
  @Column({ type: 'timestamptz', name: 'changed_at', update: false }) changedAt: Date;
}
