import {
  SETTING_SCOPES,
  type SettingContext,
  type SettingDefinition,
  type SettingScope,
} from './setting-definition.js';

/** A value that somebody has set. */
export interface SettingLevel {
  readonly key: string;
  readonly scope: SettingScope;
  readonly value: unknown;
  /** More specific levels may not differ. */
  readonly enforced: boolean;
}

/** What holds, and why. */
export interface ResolvedSetting<T = unknown> {
  readonly value: T;
  /** The level that decided. */
  readonly source: SettingScope | 'default';
  /** The level whose value more specific ones may not override. */
  readonly enforcedAt?: SettingScope;
}

/**
 * The most specific value wins, unless a more general one is enforced. A stored value that its definition no longer accepts counts as not
 * set: what is more general holds, never a zero value (R041).
 * @param levels in any order; those of other settings are ignored.
 */
export function resolveSetting<T>(
  definition: SettingDefinition<T>,
  levels: readonly SettingLevel[],
  context: SettingContext,
): ResolvedSetting<T> {
  let resolved: ResolvedSetting<T> = { value: definition.default(context), source: 'default' };
  for (const scope of SETTING_SCOPES) {
    const level = levels.find((candidate) => candidate.key === definition.key && candidate.scope === scope);
    if (level === undefined || definition.type.check(level.value) !== undefined) continue;
    resolved = { value: level.value as T, source: scope };
    if (level.enforced) return { ...resolved, enforcedAt: scope };
  }
  return resolved;
}

export function isMoreGeneral(scope: SettingScope, than: SettingScope): boolean {
  return SETTING_SCOPES.indexOf(scope) < SETTING_SCOPES.indexOf(than);
}

/** Reads the settings of one place, all with the same levels and context. */
export class SettingValues {
  constructor(
    private readonly levels: readonly SettingLevel[],
    private readonly context: SettingContext,
  ) {}

  get<T>(definition: SettingDefinition<T>): T {
    return resolveSetting(definition, this.levels, this.context).value;
  }
}
