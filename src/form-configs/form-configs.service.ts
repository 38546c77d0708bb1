import { Injectable } from '@nestjs/common';
import { PreconditionFailed } from '../http/etag.js';
import { TENANT_CHANGED } from '../http/tenancy/tenant-changed.js';
import { type Actor, AuditTrail } from '../kernel/audit/audit-trail.js';
import { Clock } from '../kernel/clock/clock.js';
import type { EnvScope } from '../kernel/context/scope.js';
import { Events } from '../kernel/events/events.js';
import { IdGenerator, type Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { Cursors, type Page, type PageRequest } from '../kernel/persistence/page.js';
import type { FormConfigEntity } from './form-config.entity.js';
import './form-configs.events.js';
import {
  FormConfigActive,
  FormConfigFrozen,
  FormConfigInactive,
  FormConfigNotFound,
  FormDefinitionInvalid,
} from './form-configs.problems.js';
import { type FormConfigFilter, FormConfigsRepository } from './form-configs.repository.js';
import { definitionErrors } from './form-definition.rules.js';
import type { FormField, FormType } from './form-field.js';

type Change = 'created' | 'updated' | 'activated' | 'deactivated' | 'deleted';

const ACTIONS = {
  created: 'form_config.create',
  updated: 'form_config.update',
  activated: 'form_config.activate',
  deactivated: 'form_config.deactivate',
  deleted: 'form_config.delete',
} as const satisfies Record<Change, string>;

/** The forms of an environment in their versions. Of each type at most one version is active: what people are asked. */
@Injectable()
export class FormConfigsService {
  constructor(
    private readonly forms: FormConfigsRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly cursors: Cursors,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  /** @throws FormConfigNotFound */
  async get(scope: EnvScope, id: Id<'form_config'>): Promise<FormConfigEntity> {
    const form = await this.forms.find(scope, id);
    if (form === null) throw new FormConfigNotFound();
    return form;
  }

  /** Newest first. @throws MalformedCursor */
  async list(
    scope: EnvScope,
    filter: FormConfigFilter,
    { limit, cursor }: PageRequest,
  ): Promise<Page<FormConfigEntity>> {
    const list = `form_configs ${scope.envId} ${filter.formType ?? ''} ${filter.status ?? ''}`;
    const before = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    const rows = await this.forms.page(scope, filter, before, limit + 1);
    return this.cursors.page(list, limit, rows, ({ id }) => id);
  }

  /** What is in use, at most one form of each type. */
  active(scope: EnvScope): Promise<FormConfigEntity[]> {
    return this.forms.active(scope);
  }

  /** The next version of a form: as a draft, or put into use at once. @throws FormDefinitionInvalid */
  create(
    scope: EnvScope,
    formType: FormType,
    fields: readonly FormField[],
    activate: boolean,
    actor: Actor,
  ): Promise<FormConfigEntity> {
    requireValid(fields);
    return this.database.transaction(async () => {
      await this.forms.lock(scope, formType);
      const form = await this.forms.create(scope, this.ids.next('form_config'), formType, fields, this.clock.now());
      await this.record(scope, form, 'created', actor);
      return activate ? this.putIntoUse(scope, form, actor) : form;
    });
  }

  /** @param version what If-Match demands. @throws FormConfigNotFound, FormDefinitionInvalid, FormConfigFrozen, PreconditionFailed */
  edit(
    scope: EnvScope,
    id: Id<'form_config'>,
    fields: readonly FormField[],
    version: number | undefined,
    actor: Actor,
  ): Promise<FormConfigEntity> {
    requireValid(fields);
    return this.database.transaction(async () => {
      const edited = await this.forms.edit(scope, id, fields, version, this.clock.now());
      if (edited === undefined) {
        const { status } = await this.get(scope, id);
        throw status === 'draft' ? new PreconditionFailed() : new FormConfigFrozen();
      }
      await this.record(scope, edited, 'updated', actor);
      return edited;
    });
  }

  /** Any version may come (back) into use; the one before it goes out of use in the same moment. @throws FormConfigNotFound */
  activate(scope: EnvScope, id: Id<'form_config'>, actor: Actor): Promise<FormConfigEntity> {
    return this.database.transaction(async () => {
      const { formType } = await this.get(scope, id);
      await this.forms.lock(scope, formType);
      const form = await this.get(scope, id);
      return form.status === 'active' ? form : this.putIntoUse(scope, form, actor);
    });
  }

  /** @throws FormConfigNotFound, FormConfigInactive */
  deactivate(scope: EnvScope, id: Id<'form_config'>, actor: Actor): Promise<FormConfigEntity> {
    return this.database.transaction(async () => {
      const form = await this.forms.deactivate(scope, id, this.clock.now());
      if (form === undefined) {
        await this.get(scope, id);
        throw new FormConfigInactive();
      }
      await this.record(scope, form, 'deactivated', actor);
      return form;
    });
  }

  /** Takes whatever is active of a type out of use. */
  clear(scope: EnvScope, formType: FormType, actor: Actor): Promise<void> {
    return this.database.transaction(async () => {
      const form = await this.forms.archive(scope, formType, this.clock.now());
      if (form !== undefined) await this.record(scope, form, 'deactivated', actor);
    });
  }

  /** @throws FormConfigNotFound, FormConfigActive */
  delete(scope: EnvScope, id: Id<'form_config'>, actor: Actor): Promise<void> {
    return this.database.transaction(async () => {
      const form = await this.forms.delete(scope, id);
      if (form === undefined) {
        await this.get(scope, id);
        throw new FormConfigActive();
      }
      await this.record(scope, form, 'deleted', actor);
    });
  }

  private async putIntoUse(
    scope: EnvScope,
    { id, formType }: FormConfigEntity,
    actor: Actor,
  ): Promise<FormConfigEntity> {
    const now = this.clock.now();
    await this.forms.archive(scope, formType, now);
    const form = await this.forms.activate(scope, id, now);
    if (form === undefined) throw new FormConfigNotFound();
    await this.record(scope, form, 'activated', actor);
    return form;
  }

  private async record(
    scope: EnvScope,
    { id, formType, number }: FormConfigEntity,
    what: Change,
    actor: Actor,
  ): Promise<void> {
    await this.events.record(scope, `form_config.${what}`, id, { form_config_id: id, form_type: formType, number });
    this.audit.record(scope, {
      action: ACTIONS[what],
      actor,
      target: { type: 'form_config', id },
      metadata: { form_type: formType, number },
    });
    this.database.notify(TENANT_CHANGED + scope.appId);
  }
}

function requireValid(fields: readonly FormField[]): void {
  const errors = definitionErrors(fields);
  if (errors.length === 0) return;
  throw new FormDefinitionInvalid({ detail: errors.map(({ message }) => message).join('; '), extras: { errors } });
}
