import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EnvScope } from '../kernel/context/scope.js';
import { settingDefinition } from '../settings/setting-definition.js';
import { settingPlace } from '../settings/setting-place.js';
import { type SettingAuthor, SettingsService } from '../settings/settings.service.js';
import { EnvironmentParts, type EnvironmentPart, type PartDocument } from './environment-parts.js';

/** What is set on an environment itself. Sensitive values do not travel. */
@Injectable()
export class SettingPart implements EnvironmentPart, OnModuleInit {
  readonly kind = 'setting';

  constructor(
    private readonly parts: EnvironmentParts,
    private readonly settings: SettingsService,
  ) {}

  onModuleInit(): void {
    this.parts.register(this);
  }

  async read(scope: EnvScope): Promise<ReadonlyMap<string, PartDocument>> {
    const rows = await this.settings.at(settingPlace.environment(scope));
    const shown = rows.filter(({ key }) => settingDefinition(key)?.sensitive === false);
    return new Map(
      shown
        .sort((a, b) => a.key.localeCompare(b.key))
        .map(({ key, value, enforced }) => [key, { value, ...(enforced ? { enforced } : {}) }]),
    );
  }

  write(scope: EnvScope, key: string, document: PartDocument | undefined, by: SettingAuthor): Promise<void> {
    const input = {
      definition: this.settings.definition(key),
      value: document?.value,
      enforced: document?.enforced === true,
    };
    return this.settings.write(settingPlace.environment(scope), [input], by);
  }
}
