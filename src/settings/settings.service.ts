import { Injectable } from '@nestjs/common';
import { TENANT_CHANGED } from '../http/tenancy/tenant-changed.js';
import { type Actor, AuditTrail } from '../kernel/audit/audit-trail.js';
import { Clock } from '../kernel/clock/clock.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import type { AppScope, EnvScope } from '../kernel/context/scope.js';
import { SealedBox } from '../kernel/crypto/sealed-box.js';
import { Events } from '../kernel/events/events.js';
import { IdGenerator } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { Cursors, type Page, type PageRequest } from '../kernel/persistence/page.js';
import type { SettingAction, SettingChangeEntity } from './setting-change.entity.js';
import { type SettingDefinition, settingDefinition } from './setting-definition.js';
import { lineage, sealOf, scopeOf, type SettingPlace } from './setting-place.js';
import { isMoreGeneral } from './setting-resolution.js';
import type { SettingValueEntity } from './setting-value.entity.js';
import './settings.events.js';
import {
  SettingEnforced,
  SettingNotEnforceable,
  SettingNotFound,
  SettingNotSet,
  SettingScopeNotAllowed,
} from './settings.problems.js';
import { type NewSettingValue, SETTING_CHANGES, SettingsSystemRepository } from './settings.system-repository.js';
import { invalidFields } from '../http/validation/validation.pipe.js';

/** Who changes settings, and in whose trail a change of the whole deployment is written. */
export interface SettingAuthor {
  readonly actor: Actor;
  readonly scope: AppScope | EnvScope;
}

export function authorOf(caller: UserPrincipal): SettingAuthor {
  return { actor: actorOf(caller), scope: caller.scope };
}

/** A value for a setting; undefined takes away what is set. */
export interface SettingInput {
  readonly definition: SettingDefinition;
  readonly value: unknown;
  /** Whether more specific levels may not differ. Undefined: as it is. */
  readonly enforced?: boolean;
}

/** Writes the values of settings: checked against their definitions, with a history, told to every replica. */
@Injectable()
export class SettingsService {
  constructor(
    private readonly settings: SettingsSystemRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly box: SealedBox,
    private readonly cursors: Cursors,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  /** @throws SettingNotFound */
  definition(key: string): SettingDefinition {
    const definition = settingDefinition(key);
    if (definition === undefined) throw new SettingNotFound();
    return definition;
  }

  /** What is set at a place itself. @param definitions undefined: every setting. */
  at(place: SettingPlace, definitions?: readonly SettingDefinition[]): Promise<SettingValueEntity[]> {
    return this.settings.anyTenantRead(
      [place],
      definitions?.map(({ key }) => key),
    );
  }

  /** What is set on each environment of an app. */
  ofEnvironments({ appId }: AppScope): Promise<SettingValueEntity[]> {
    return this.settings.anyTenantOfEnvironments(appId);
  }

  /**
   * Sets several values of one place together; undefined takes a value away.
   * @throws ValidationFailed, SettingScopeNotAllowed, SettingNotEnforceable, SettingEnforced; ResourceNotFound for a place that does not exist.
   */
  write(place: SettingPlace, inputs: readonly SettingInput[], by: SettingAuthor): Promise<void> {
    const given = inputs.filter(({ value }) => value !== undefined);
    const gone = inputs.filter(({ value }) => value === undefined).map(({ definition }) => definition.key);
    given.forEach((input) => this.check(place, input));
    return this.database.transaction(async () => {
      await this.requireFree(place, given);
      if (gone.length > 0) await this.deleteAt(place, gone, by);
      if (given.length > 0) await this.put(place, given, by);
    });
  }

  /** Keeps the value, and lets more specific levels differ again. @throws SettingNotSet */
  unenforce(place: SettingPlace, { key }: SettingDefinition, by: SettingAuthor): Promise<void> {
    return this.database.transaction(async () => {
      const row = await this.settings.anyTenantUnenforce(place, key, idOf(by), this.clock.now());
      if (row === undefined) throw new SettingNotSet({ detail: 'the setting is not enforced at this level' });
      await this.record(place, { key, action: 'unenforced', before: row.value, after: row.value }, by);
    });
  }

  /** @throws SettingNotSet */
  delete(place: SettingPlace, { key }: SettingDefinition, by: SettingAuthor): Promise<void> {
    return this.database.transaction(async () => {
      if ((await this.deleteAt(place, [key], by)) === 0) throw new SettingNotSet();
    });
  }

  /** Who changed a setting at a place, newest first. @throws MalformedCursor */
  async history(
    place: SettingPlace,
    { key }: SettingDefinition,
    { limit, cursor }: PageRequest,
  ): Promise<Page<SettingChangeEntity>> {
    const list = `setting_changes/${place.scope}/${place.scopeId}/${key}`;
    const before = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    const rows = await this.settings.anyTenantHistory(place, key, before, limit + 1);
    return this.cursors.page(list, limit, rows, ({ id }) => id);
  }

  private check(place: SettingPlace, { definition, value, enforced }: SettingInput): void {
    if (enforced === true && !definition.enforceable) throw new SettingNotEnforceable();
    if (!definition.scopes.includes(place.scope)) {
      throw new SettingScopeNotAllowed({
        detail: `${definition.key} can be set at: ${definition.scopes.join(', ')}`,
      });
    }
    const wrong = definition.type.check(value);
    if (wrong !== undefined) {
      throw invalidFields([{ path: 'value', code: 'setting', message: `${definition.key} ${wrong}` }]);
    }
  }

  private async requireFree(place: SettingPlace, inputs: readonly SettingInput[]): Promise<void> {
    const above = lineage(place).filter(({ scope }) => isMoreGeneral(scope, place.scope));
    if (above.length === 0 || inputs.length === 0) return;
    const keys = inputs.map(({ definition }) => definition.key);
    const enforced = (await this.settings.anyTenantRead(above, keys)).find((row) => row.enforced);
    if (enforced === undefined) return;
    throw new SettingEnforced({
      detail: `${enforced.key} is enforced at a higher scope (${enforced.scope}); change or unenforce it there`,
    });
  }

  private async put(place: SettingPlace, inputs: readonly SettingInput[], by: SettingAuthor): Promise<void> {
    const values = inputs.map((input) => this.rowOf(place, input));
    const written = await this.settings.anyTenantPut(place, values, idOf(by), this.clock.now());
    for (const { key, before, value } of written) {
      const enforced = values.find((row) => row.key === key)?.enforced === true;
      await this.record(place, { key, action: enforced ? 'enforced' : 'set', before, after: value }, by);
    }
  }

  private rowOf(place: SettingPlace, { definition, value, enforced }: SettingInput): NewSettingValue {
    const row = { id: this.ids.next('setting'), key: definition.key, enforced };
    if (!definition.sensitive) return { ...row, value };
    return { ...row, sealed: this.box.seal(JSON.stringify(value), sealOf(place, row.key)) };
  }

  private async deleteAt(place: SettingPlace, keys: readonly string[], by: SettingAuthor): Promise<number> {
    const deleted = await this.settings.anyTenantDelete(place, keys);
    for (const { key, value } of deleted) {
      await this.record(place, { key, action: 'deleted', before: value, after: null }, by);
    }
    return deleted.length;
  }

  private async record(
    place: SettingPlace,
    change: { key: string; action: SettingAction; before: unknown; after: unknown },
    by: SettingAuthor,
  ): Promise<void> {
    const { scope, scopeId, appId, envId, orgId, userId } = place;
    const { key, action, before, after } = change;
    const tenant = scopeOf(place) ?? by.scope;
    this.database.defer(SETTING_CHANGES, {
      id: this.ids.next('setting_change'),
      scope,
      scope_id: scopeId,
      app_id: appId,
      env_id: envId,
      org_id: orgId,
      user_id: userId,
      key,
      action,
      before: before ?? null,
      after: after ?? null,
      changed_by: idOf(by),
      changed_at: this.clock.now().toISOString(),
    });
    await this.events.record(tenant, 'setting.changed', scopeId || key, { key, scope, scope_id: scopeId, action });
    this.audit.record(tenant, {
      action: `setting.${action}`,
      actor: by.actor,
      target: { type: 'setting', id: key },
      metadata: { scope, scope_id: scopeId, before: before ?? null, after: after ?? null },
    });
    this.database.notify(TENANT_CHANGED + (appId ?? ''));
  }
}

function idOf({ actor }: SettingAuthor): string | null {
  return actor.kind === 'user' ? actor.id : null;
}
