import type { ConfigValues } from '../apps/app-configs.service.js';
import {
  ALLOWED_ORIGINS,
  BIND_TO_DEVICE,
  BIND_TO_IP,
  LOCKOUT_MAX_ATTEMPTS,
  MAX_ACTIVE_SESSIONS,
  PASSWORD_ENABLED,
  PASSWORD_MIN_LENGTH,
  RATE_LIMIT_WINDOW,
  REFRESH_TOKEN_TTL,
  REQUIRE_EMAIL_VERIFICATION,
  ROTATE_REFRESH_TOKEN,
  SIGNIN_RATE_LIMIT,
  SIGNUP_ENABLED,
  SIGNUP_RATE_LIMIT,
  TOKEN_FORMAT,
  TOKEN_TTL,
} from '../apps/tenant-settings.js';
import type { SettingDefinition } from '../settings/setting-definition.js';
import type { SettingInput } from '../settings/settings.service.js';

/** The settings of an environment under the names that clients know. */
export const ENVIRONMENT_SETTINGS = {
  token_ttl_seconds: TOKEN_TTL,
  refresh_token_ttl_seconds: REFRESH_TOKEN_TTL,
  max_active_sessions: MAX_ACTIVE_SESSIONS,
  rotate_refresh_token: ROTATE_REFRESH_TOKEN,
  bind_to_ip: BIND_TO_IP,
  bind_to_device: BIND_TO_DEVICE,
  token_format: TOKEN_FORMAT,
  signup_enabled: SIGNUP_ENABLED,
  password_enabled: PASSWORD_ENABLED,
  password_min_length: PASSWORD_MIN_LENGTH,
  lockout_max_attempts: LOCKOUT_MAX_ATTEMPTS,
  signin_rate_limit: SIGNIN_RATE_LIMIT,
  signup_rate_limit: SIGNUP_RATE_LIMIT,
  rate_limit_window_seconds: RATE_LIMIT_WINDOW,
  allowed_origins: ALLOWED_ORIGINS,
} as const satisfies Record<string, SettingDefinition>;

export type EnvironmentSettings = ConfigValues<typeof ENVIRONMENT_SETTINGS> & {
  /** The setting says the opposite: `auth.require_email_verification`. */
  readonly skip_email_verification?: boolean;
};

/** What a change says of each setting: null takes it away, undefined leaves it. */
export type EnvironmentSettingsChange = { readonly [Field in keyof EnvironmentSettings]?: unknown };

/** Every setting of an environment. */
export const ENVIRONMENT_SETTING_DEFINITIONS: readonly SettingDefinition[] = [
  ...Object.values(ENVIRONMENT_SETTINGS),
  REQUIRE_EMAIL_VERIFICATION,
];

/** The settings whose values are known, under the names that clients know. */
export function toEnvironmentSettings(valueOf: (definition: SettingDefinition) => unknown): EnvironmentSettings {
  const required = valueOf(REQUIRE_EMAIL_VERIFICATION);
  const known = Object.entries(ENVIRONMENT_SETTINGS)
    .map(([field, definition]) => [field, valueOf(definition)] as const)
    .filter(([, value]) => value !== undefined);
  return {
    ...(required === undefined ? {} : { skip_email_verification: !(required as boolean) }),
    ...(Object.fromEntries(known) as EnvironmentSettings),
  };
}

export function toSettingInputs(change: EnvironmentSettingsChange): SettingInput[] {
  const { skip_email_verification: skip, ...rest } = change;
  const inputs = Object.entries(rest)
    .filter(([field, value]) => value !== undefined && Object.hasOwn(ENVIRONMENT_SETTINGS, field))
    .map(([field, value]) => ({
      definition: ENVIRONMENT_SETTINGS[field as keyof typeof ENVIRONMENT_SETTINGS] as SettingDefinition,
      value: value ?? undefined,
    }));
  if (skip === undefined) return inputs;
  return [...inputs, { definition: REQUIRE_EMAIL_VERIFICATION, value: skip === null ? undefined : !(skip as boolean) }];
}
