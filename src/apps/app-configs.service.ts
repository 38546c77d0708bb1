import { Injectable } from '@nestjs/common';
import { Clock } from '../kernel/clock/clock.js';
import type { AppScope } from '../kernel/context/scope.js';
import { Database } from '../kernel/persistence/database.js';
import type { SettingDefinition } from '../settings/setting-definition.js';
import { settingPlace } from '../settings/setting-place.js';
import { type SettingAuthor, SettingsService } from '../settings/settings.service.js';
import { type AppConfig, CLIENT_CONFIG, SESSION_CONFIG } from './app-configs.js';
import { ClientConfigNotFound, SessionConfigNotFound } from './apps.problems.js';

/** What is set of a configuration. A field that is absent is inherited. */
export type ConfigValues<Config> = { readonly [Field in keyof Config]?: ValueOf<Config[Field]> };
type ValueOf<Definition> = Definition extends SettingDefinition<infer Value> ? Value : never;

export interface StoredConfig<Config> {
  readonly appId: AppScope['appId'];
  readonly values: ConfigValues<Config>;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type SessionConfig = StoredConfig<typeof SESSION_CONFIG>;
export type ClientConfig = StoredConfig<typeof CLIENT_CONFIG>;

/** The two configurations of an app: settings of it, read and replaced together. */
@Injectable()
export class AppConfigsService {
  constructor(
    private readonly settings: SettingsService,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** @throws SessionConfigNotFound */
  async sessionConfig(scope: AppScope): Promise<SessionConfig> {
    const stored = await this.read(scope, SESSION_CONFIG);
    if (stored === undefined) throw new SessionConfigNotFound();
    return stored;
  }

  /** What is absent is inherited from then on. @throws ValidationFailed, SettingEnforced */
  putSessionConfig(
    scope: AppScope,
    values: ConfigValues<typeof SESSION_CONFIG>,
    by: SettingAuthor,
  ): Promise<SessionConfig> {
    return this.replace(scope, SESSION_CONFIG, values, by);
  }

  /** @throws SessionConfigNotFound */
  async deleteSessionConfig(scope: AppScope, by: SettingAuthor): Promise<void> {
    await this.sessionConfig(scope);
    await this.replace(scope, SESSION_CONFIG, {}, by);
  }

  /** @throws ClientConfigNotFound */
  async clientConfig(scope: AppScope): Promise<ClientConfig> {
    const stored = await this.read(scope, CLIENT_CONFIG);
    if (stored === undefined) throw new ClientConfigNotFound();
    return stored;
  }

  /** What is absent has its default from then on. @throws ValidationFailed, SettingEnforced */
  putClientConfig(
    scope: AppScope,
    values: ConfigValues<typeof CLIENT_CONFIG>,
    by: SettingAuthor,
  ): Promise<ClientConfig> {
    return this.replace(scope, CLIENT_CONFIG, values, by);
  }

  /** @throws ClientConfigNotFound */
  async deleteClientConfig(scope: AppScope, by: SettingAuthor): Promise<void> {
    await this.clientConfig(scope);
    await this.replace(scope, CLIENT_CONFIG, {}, by);
  }

  private async read<Config extends AppConfig>(
    scope: AppScope,
    config: Config,
  ): Promise<StoredConfig<Config> | undefined> {
    const rows = await this.settings.at(settingPlace.app(scope), Object.values(config));
    if (rows.length === 0) return undefined;
    const valueOf = new Map(rows.map(({ key, value }) => [key, value]));
    const values = Object.entries(config).flatMap(([field, { key }]) =>
      valueOf.has(key) ? [[field, valueOf.get(key)]] : [],
    );
    const times = (column: 'createdAt' | 'updatedAt') => rows.map((row) => row[column].getTime());
    return {
      appId: scope.appId,
      values: Object.fromEntries(values) as ConfigValues<Config>,
      createdAt: new Date(Math.min(...times('createdAt'))),
      updatedAt: new Date(Math.max(...times('updatedAt'))),
    };
  }

  private replace<Config extends AppConfig>(
    scope: AppScope,
    config: Config,
    values: ConfigValues<Config>,
    by: SettingAuthor,
  ): Promise<StoredConfig<Config>> {
    return this.database.transaction(async () => {
      const inputs = Object.entries(config).map(([field, definition]) => ({ definition, value: values[field] }));
      await this.settings.write(settingPlace.app(scope), inputs, by);
      const now = this.clock.now();
      return (await this.read(scope, config)) ?? { appId: scope.appId, values: {}, createdAt: now, updatedAt: now };
    });
  }
}
