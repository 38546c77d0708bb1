import type { Config } from '../config/config.js';
import type { SettingType } from './setting-types.js';

/** Where a value may be set, from the most general to the most specific. */
export const SETTING_SCOPES = ['global', 'app', 'environment', 'organization', 'user'] as const;
export type SettingScope = (typeof SETTING_SCOPES)[number];

/** What a default may depend on. */
export interface SettingContext {
  readonly config: Config;
  /** Undefined where no environment is looked at. */
  readonly environmentType: 'development' | 'staging' | 'production' | undefined;
}

export interface SettingSpecification<T> {
  /** `<namespace>.<name>`, stable. */
  readonly key: `${string}.${string}`;
  readonly displayName: string;
  /** One sentence: what it decides. */
  readonly description: string;
  readonly type: SettingType<T>;
  readonly scopes: readonly SettingScope[];
  /** What holds where nobody has set anything: often a setting of the deployment. */
  readonly default: (context: SettingContext) => T;
  /** Sealed at rest, and never shown again. Default: false. */
  readonly sensitive?: boolean;
  /** Whether a more general level may forbid the more specific ones to differ. Default: true. */
  readonly enforceable?: boolean;
}

/** A declared setting: what code holds to read its value. */
export interface SettingDefinition<T = unknown> extends Required<SettingSpecification<T>> {
  readonly namespace: string;
}

const catalogue = new Map<string, SettingDefinition>();

/** Declares a setting once. The settings API, its checks and `docs/settings.md` come from these declarations. */
export function defineSetting<T>(specification: SettingSpecification<T>): SettingDefinition<T> {
  const { key } = specification;
  if (catalogue.has(key)) throw new Error(`setting ${key} is declared twice`);
  const definition: SettingDefinition<T> = {
    sensitive: false,
    enforceable: true,
    ...specification,
    namespace: key.slice(0, key.indexOf('.')),
  };
  catalogue.set(key, definition);
  return definition;
}

export function settingDefinition(key: string): SettingDefinition | undefined {
  return catalogue.get(key);
}

/** Every declared setting, in the order of its keys. */
export function settingCatalogue(): readonly SettingDefinition[] {
  return [...catalogue.values()].sort((a, b) => a.key.localeCompare(b.key));
}
