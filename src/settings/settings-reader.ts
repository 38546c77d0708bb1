import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { SealedBox } from '../kernel/crypto/sealed-box.js';
import type { SettingContext, SettingDefinition } from './setting-definition.js';
import { lineage, sealOf, type SettingPlace } from './setting-place.js';
import { isMoreGeneral, type ResolvedSetting, resolveSetting, type SettingLevel } from './setting-resolution.js';
import type { SettingValueEntity } from './setting-value.entity.js';
import { SettingsSystemRepository } from './settings.system-repository.js';

/** What holds at a place, and everything that was considered. */
export interface ExplainedSetting {
  readonly definition: SettingDefinition;
  readonly resolved: ResolvedSetting;
  /** Most general first. */
  readonly rows: readonly SettingValueEntity[];
  /** Whether a value set at the place itself would count. */
  readonly canOverride: boolean;
}

/** Reads settings from the database. Environments have theirs in memory: see `TenantRecords`. */
@Injectable()
export class SettingsReader {
  constructor(
    private readonly settings: SettingsSystemRepository,
    private readonly box: SealedBox,
    private readonly config: Config,
  ) {}

  /** The value that holds at a place; of a sensitive setting, in clear. One query. */
  async value<T>(
    place: SettingPlace,
    definition: SettingDefinition<T>,
    environmentType?: SettingContext['environmentType'],
  ): Promise<T> {
    const rows = await this.settings.anyTenantRead(lineage(place), [definition.key]);
    return resolveSetting(
      definition,
      rows.map((row) => this.level(row)),
      this.context(environmentType),
    ).value;
  }

  /** One query, however many settings. */
  async explain(
    place: SettingPlace,
    definitions: readonly SettingDefinition[],
    environmentType?: SettingContext['environmentType'],
  ): Promise<ExplainedSetting[]> {
    const keys = definitions.map(({ key }) => key);
    const rows = await this.settings.anyTenantRead(lineage(place), keys);
    const levels = rows.map((row) => this.level(row));
    return definitions.map((definition) => {
      const resolved = resolveSetting(definition, levels, this.context(environmentType));
      const { enforcedAt } = resolved;
      return {
        definition,
        resolved,
        rows: rows
          .filter(({ key }) => key === definition.key)
          .sort((a, b) => (isMoreGeneral(a.scope, b.scope) ? -1 : 1)),
        canOverride:
          definition.scopes.includes(place.scope) &&
          (enforcedAt === undefined || !isMoreGeneral(enforcedAt, place.scope)),
      };
    });
  }

  context(environmentType: SettingContext['environmentType']): SettingContext {
    return { config: this.config, environmentType };
  }

  private level({ key, scope, scopeId, value, sealed, enforced }: SettingValueEntity): SettingLevel {
    const opened: unknown =
      sealed === null ? value : JSON.parse(this.box.open(sealed, sealOf({ scope, scopeId }, key)).toString());
    return { key, scope, value: opened, enforced };
  }
}
