import { Injectable } from '@nestjs/common';
import type { AppScope, EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import type { SettingDefinition } from '../settings/setting-definition.js';
import { settingPlace } from '../settings/setting-place.js';
import { SettingsReader } from '../settings/settings-reader.js';
import { type SettingAuthor, SettingsService } from '../settings/settings.service.js';
import type { EnvironmentType } from './environment.entity.js';
import {
  ENVIRONMENT_SETTING_DEFINITIONS,
  type EnvironmentSettings,
  type EnvironmentSettingsChange,
  toEnvironmentSettings,
  toSettingInputs,
} from './environment-settings.js';

/** What holds in an environment, what would hold by its type alone, and what is set on it. */
export interface ExplainedEnvironmentSettings {
  readonly settings: EnvironmentSettings;
  readonly typeDefaults: EnvironmentSettings;
  readonly overrides: EnvironmentSettings;
}

@Injectable()
export class EnvironmentSettingsService {
  constructor(
    private readonly settings: SettingsService,
    private readonly reader: SettingsReader,
  ) {}

  /** What is set on each environment of an app: one query. */
  async overridesOf(scope: AppScope): Promise<ReadonlyMap<Id<'environment'>, EnvironmentSettings>> {
    const byEnvironment = new Map<Id<'environment'>, Map<string, unknown>>();
    for (const { envId, key, value } of await this.settings.ofEnvironments(scope)) {
      if (envId === null || value === null) continue;
      const values = byEnvironment.get(envId) ?? new Map<string, unknown>();
      byEnvironment.set(envId, values.set(key, value));
    }
    return new Map(
      [...byEnvironment].map(([envId, values]) => [envId, toEnvironmentSettings(({ key }) => values.get(key))]),
    );
  }

  async explain(scope: EnvScope, type: EnvironmentType): Promise<ExplainedEnvironmentSettings> {
    const explained = await this.reader.explain(settingPlace.environment(scope), ENVIRONMENT_SETTING_DEFINITIONS, type);
    const context = this.reader.context(type);
    const found = (definition: SettingDefinition) =>
      explained.find((setting) => setting.definition.key === definition.key);
    return {
      settings: toEnvironmentSettings((definition) => found(definition)?.resolved.value),
      typeDefaults: toEnvironmentSettings((definition) => definition.default(context)),
      overrides: toEnvironmentSettings(
        (definition) => found(definition)?.rows.find((row) => row.scope === 'environment')?.value ?? undefined,
      ),
    };
  }

  /** Null takes a value away; what is not named stays. @throws ValidationFailed, SettingEnforced */
  change(scope: EnvScope, change: EnvironmentSettingsChange, by: SettingAuthor): Promise<void> {
    return this.settings.write(settingPlace.environment(scope), toSettingInputs(change), by);
  }
}
