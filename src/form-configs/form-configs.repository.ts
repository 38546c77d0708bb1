import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { columnsOf } from '../kernel/persistence/columns.js';
import { Database } from '../kernel/persistence/database.js';
import { EnvScopedRepository } from '../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../kernel/persistence/statement.js';
import { FormConfigEntity, type FormStatus } from './form-config.entity.js';
import type { FormField, FormType } from './form-field.js';

export interface FormConfigFilter {
  readonly formType?: FormType;
  readonly status?: FormStatus;
}

const COLUMNS = columnsOf(FormConfigEntity);

/** Versions of a form are made and put into use one after the other, so that numbers have no gaps and the index is never violated. */
const LOCK = envStatement(
  'form_configs.lock',
  'SELECT pg_advisory_xact_lock(hashtextextended(concat($1::text, $2::text, $3::text), 0))',
);
const CREATE = envStatement(
  'form_configs.create',
  `INSERT INTO form_configs (app_id, env_id, id, form_type, number, status, fields, version, created_at, updated_at)
   SELECT $1, $2, $3, $4, coalesce(max(number), 0) + 1, 'draft', $5, 1, $6, $6
   FROM form_configs WHERE app_id = $1 AND env_id = $2 AND form_type = $4 RETURNING ${COLUMNS}`,
);
const PAGE = envStatement(
  'form_configs.page',
  `SELECT ${COLUMNS} FROM form_configs
   WHERE app_id = $1 AND env_id = $2 AND ($3::text IS NULL OR form_type = $3) AND ($4::text IS NULL OR status = $4)
     AND ($5 = '' OR id < $5) ORDER BY id DESC LIMIT $6`,
);
const ACTIVE = envStatement(
  'form_configs.active',
  `SELECT ${COLUMNS} FROM form_configs WHERE app_id = $1 AND env_id = $2 AND status = 'active' ORDER BY form_type`,
);
const EDIT = envStatement(
  'form_configs.edit',
  `UPDATE form_configs SET fields = $4, version = version + 1, updated_at = $5
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND status = 'draft' AND ($6::integer IS NULL OR version = $6)
   RETURNING ${COLUMNS}`,
);
const ARCHIVE = envStatement(
  'form_configs.archive',
  `UPDATE form_configs SET status = 'archived', version = version + 1, updated_at = $4
   WHERE app_id = $1 AND env_id = $2 AND form_type = $3 AND status = 'active' RETURNING ${COLUMNS}`,
);
const ACTIVATE = envStatement(
  'form_configs.activate',
  `UPDATE form_configs SET status = 'active', activated_at = $4, version = version + 1, updated_at = $4
   WHERE app_id = $1 AND env_id = $2 AND id = $3 RETURNING ${COLUMNS}`,
);
const DEACTIVATE = envStatement(
  'form_configs.deactivate',
  `UPDATE form_configs SET status = 'archived', version = version + 1, updated_at = $4
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND status = 'active' RETURNING ${COLUMNS}`,
);
const DELETE = envStatement(
  'form_configs.delete',
  `DELETE FROM form_configs WHERE app_id = $1 AND env_id = $2 AND id = $3 AND status <> 'active' RETURNING ${COLUMNS}`,
);

@Injectable()
export class FormConfigsRepository extends EnvScopedRepository<FormConfigEntity> {
  constructor(database: Database) {
    super(database, FormConfigEntity);
  }

  /** Keeps the versions of a form to this transaction until it ends. */
  async lock(scope: EnvScope, formType: FormType): Promise<void> {
    await this.queryIn(scope, LOCK, [formType]);
  }

  /** The next version, as a draft, under {@link lock}. */
  async create(
    scope: EnvScope,
    id: Id<'form_config'>,
    formType: FormType,
    fields: readonly FormField[],
    now: Date,
  ): Promise<FormConfigEntity> {
    const values = [id, formType, JSON.stringify(fields), now];
    return (await this.queryIn<FormConfigEntity>(scope, CREATE, values)).rows[0] as FormConfigEntity;
  }

  find(scope: EnvScope, id: Id<'form_config'>): Promise<FormConfigEntity | null> {
    return this.findOneIn(scope, { id });
  }

  /** Newest first. @param before the last id of the page before, or the empty text. */
  async page(
    scope: EnvScope,
    { formType, status }: FormConfigFilter,
    before: string,
    most: number,
  ): Promise<FormConfigEntity[]> {
    const values = [formType ?? null, status ?? null, before, most];
    return (await this.queryIn<FormConfigEntity>(scope, PAGE, values)).rows;
  }

  /** At most one of each type. */
  async active(scope: EnvScope): Promise<FormConfigEntity[]> {
    return (await this.queryIn<FormConfigEntity>(scope, ACTIVE)).rows;
  }

  /** @returns undefined when it is gone, no draft any more, or `version` is not the current one. */
  async edit(
    scope: EnvScope,
    id: Id<'form_config'>,
    fields: readonly FormField[],
    version: number | undefined,
    now: Date,
  ): Promise<FormConfigEntity | undefined> {
    const values = [id, JSON.stringify(fields), now, version ?? null];
    return (await this.queryIn<FormConfigEntity>(scope, EDIT, values)).rows[0];
  }

  /** Takes the active version of a form out of use. @returns undefined when none is. */
  async archive(scope: EnvScope, formType: FormType, now: Date): Promise<FormConfigEntity | undefined> {
    return (await this.queryIn<FormConfigEntity>(scope, ARCHIVE, [formType, now])).rows[0];
  }

  /** Puts a version into use, once no other one is. @returns undefined when it is gone. */
  async activate(scope: EnvScope, id: Id<'form_config'>, now: Date): Promise<FormConfigEntity | undefined> {
    return (await this.queryIn<FormConfigEntity>(scope, ACTIVATE, [id, now])).rows[0];
  }

  /** @returns undefined when it is gone or not active. */
  async deactivate(scope: EnvScope, id: Id<'form_config'>, now: Date): Promise<FormConfigEntity | undefined> {
    return (await this.queryIn<FormConfigEntity>(scope, DEACTIVATE, [id, now])).rows[0];
  }

  /** @returns undefined when it is gone or active. */
  async delete(scope: EnvScope, id: Id<'form_config'>): Promise<FormConfigEntity | undefined> {
    return (await this.queryIn<FormConfigEntity>(scope, DELETE, [id])).rows[0];
  }
}
