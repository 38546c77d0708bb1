import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { Id } from '../kernel/ids/id.js';
import type { FormField, FormType } from './form-field.js';

export const FORM_STATUSES = ['draft', 'active', 'archived'] as const;
export type FormStatus = (typeof FORM_STATUSES)[number];

/** One version of a form. Whatever was active once is never edited again: it says what people were asked. */
@Entity('form_configs')
@Unique('form_configs_app_id_env_id_form_type_number_key', ['appId', 'envId', 'formType', 'number'])
@Index('form_configs_active_idx', ['appId', 'envId', 'formType'], { unique: true, where: "status = 'active'" })
export class FormConfigEntity {
  @PrimaryColumn('text') id: Id<'form_config'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column({ type: 'text', name: 'form_type', update: false }) formType: FormType;
  /** Counts the versions of a form from 1. */
  @Column({ type: 'integer', update: false }) number: number;
  @Column('text') status: FormStatus;
  @Column('jsonb') fields: readonly FormField[];
  @Column({ type: 'timestamptz', name: 'activated_at', nullable: true }) activatedAt: Date | null;
  @Column('integer') version: number;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
  @Column({ type: 'timestamptz', name: 'updated_at' }) updatedAt: Date;
}
