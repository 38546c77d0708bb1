import type { SettingDefinition } from '../settings/setting-definition.js';
import {
  APP_NAME,
  BIND_TO_DEVICE,
  BIND_TO_IP,
  LOGO_URL,
  MAX_ACTIVE_SESSIONS,
  PASSWORD_ENABLED,
  REFRESH_TOKEN_TTL,
  REQUIRE_EMAIL_VERIFICATION,
  ROTATE_REFRESH_TOKEN,
  SIGNUP_ENABLED,
  TOKEN_FORMAT,
  TOKEN_TTL,
} from './tenant-settings.js';

/** A resource of an app that is nothing but some of its settings under names of its own. */
export type AppConfig = Readonly<Record<string, SettingDefinition>>;

/** How the sessions of an app behave. */
export const SESSION_CONFIG = {
  token_ttl_seconds: TOKEN_TTL,
  refresh_token_ttl_seconds: REFRESH_TOKEN_TTL,
  max_active_sessions: MAX_ACTIVE_SESSIONS,
  rotate_refresh_token: ROTATE_REFRESH_TOKEN,
  bind_to_ip: BIND_TO_IP,
  bind_to_device: BIND_TO_DEVICE,
  token_format: TOKEN_FORMAT,
} as const satisfies AppConfig;

/** What an app offers its users. */
export const CLIENT_CONFIG = {
  signup_enabled: SIGNUP_ENABLED,
  password_enabled: PASSWORD_ENABLED,
  require_email_verification: REQUIRE_EMAIL_VERIFICATION,
  app_name: APP_NAME,
  logo_url: LOGO_URL,
} as const satisfies AppConfig;
