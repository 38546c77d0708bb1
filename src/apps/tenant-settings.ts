import { isOriginEntry } from '../http/security/origins.js';
import { isWebUrl } from '../http/validation/web-url.decorator.js';
import { defineSetting, type SettingScope } from '../settings/setting-definition.js';
import { choice, FLAG, integer, list, text } from '../settings/setting-types.js';

export const TOKEN_FORMATS = ['opaque', 'jwt'] as const;
export type TokenFormat = (typeof TOKEN_FORMATS)[number];

/** Settings that every environment has in memory, and where they can be set. */
const TENANT: readonly SettingScope[] = ['global', 'app', 'environment'];
const OF_AN_APP: readonly SettingScope[] = ['app', 'environment'];

const DAY_SECONDS = 86_400;
const MOST_ORIGINS = 100;
const seconds = (ms: number): number => Math.floor(ms / 1_000);

export const TOKEN_TTL = defineSetting({
  key: 'session.token_ttl_seconds',
  displayName: 'Access token lifetime',
  description: 'Life of an access token, in seconds. A JWT never lives longer than AUTHSOME_JWT_TTL.',
  type: integer(1, DAY_SECONDS),
  scopes: TENANT,
  default: ({ config }) => seconds(config.sessions.accessTokenTtlMs),
});

export const REFRESH_TOKEN_TTL = defineSetting({
  key: 'session.refresh_token_ttl_seconds',
  displayName: 'Refresh token lifetime',
  description: 'Life of an unused refresh token, in seconds.',
  type: integer(1, 365 * DAY_SECONDS),
  scopes: TENANT,
  default: ({ config }) => seconds(config.sessions.refreshTokenTtlMs),
});

export const MAX_ACTIVE_SESSIONS = defineSetting({
  key: 'session.max_active_sessions',
  displayName: 'Live sessions per user',
  description: 'The oldest session ends when one more starts. 0: no cap.',
  type: integer(0, 10_000),
  scopes: TENANT,
  default: ({ config }) => config.sessions.mostActive,
});

export const ROTATE_REFRESH_TOKEN = defineSetting({
  key: 'session.rotate_refresh_token',
  displayName: 'Rotate refresh tokens',
  description: 'Whether a refresh replaces the refresh token too.',
  type: FLAG,
  scopes: TENANT,
  default: () => true,
});

export const BIND_TO_IP = defineSetting({
  key: 'session.bind_to_ip',
  displayName: 'Bind sessions to their address',
  description: 'Refuse a session from another address than it started from.',
  type: FLAG,
  scopes: TENANT,
  default: () => false,
});

export const BIND_TO_DEVICE = defineSetting({
  key: 'session.bind_to_device',
  displayName: 'Bind sessions to their device',
  description: 'Refuse a session from another device or agent than it started from.',
  type: FLAG,
  scopes: TENANT,
  default: () => false,
});

export const TOKEN_FORMAT = defineSetting<TokenFormat>({
  key: 'session.token_format',
  displayName: 'Form of access tokens',
  description: 'Opaque tokens are looked up; JWTs can be verified by other services without asking.',
  type: choice(TOKEN_FORMATS),
  scopes: TENANT,
  default: ({ config }) => config.sessions.tokenFormat,
});

export const SIGNUP_ENABLED = defineSetting({
  key: 'auth.signup_enabled',
  displayName: 'Sign-up',
  description: 'Whether strangers may sign up.',
  type: FLAG,
  scopes: TENANT,
  default: () => true,
});

export const PASSWORD_ENABLED = defineSetting({
  key: 'auth.password_enabled',
  displayName: 'Passwords',
  description: 'Whether passwords open sessions.',
  type: FLAG,
  scopes: TENANT,
  default: () => true,
});

export const REQUIRE_EMAIL_VERIFICATION = defineSetting({
  key: 'auth.require_email_verification',
  displayName: 'Verified addresses only',
  description: 'Whether an address must be verified before a session is given. Default: everywhere but in development.',
  type: FLAG,
  scopes: TENANT,
  default: ({ environmentType }) => environmentType !== 'development',
});

export const PASSWORD_MIN_LENGTH = defineSetting({
  key: 'password.min_length',
  displayName: 'Shortest password',
  description: 'In characters. NIST advises 15 where the password stands alone.',
  type: integer(8, 128),
  scopes: TENANT,
  default: ({ config }) => config.passwords.leastLength,
});

export const LOCKOUT_MAX_ATTEMPTS = defineSetting({
  key: 'lockout.max_attempts',
  displayName: 'Wrong passwords before a wait',
  description: 'Wrong passwords for one account, within the window of AUTHSOME_LOCKOUT_FAILURES, before it must wait.',
  type: integer(1, 100),
  scopes: TENANT,
  default: ({ config }) => config.lockout.failures.count,
});

export const SIGNIN_RATE_LIMIT = defineSetting({
  key: 'limits.signin',
  displayName: 'Sign-ins per address',
  description: 'Sign-ins from one address within the window, besides the deployment’s own limit. 0: that one alone.',
  type: integer(0, 1_000_000),
  scopes: TENANT,
  default: () => 0,
});

export const SIGNUP_RATE_LIMIT = defineSetting({
  key: 'limits.signup',
  displayName: 'Sign-ups per address',
  description: 'Sign-ups from one address within the window, besides the deployment’s own limit. 0: that one alone.',
  type: integer(0, 1_000_000),
  scopes: TENANT,
  default: () => 0,
});

export const RATE_LIMIT_WINDOW = defineSetting({
  key: 'limits.window_seconds',
  displayName: 'Window of the limits',
  description: 'In seconds; for limits.signin and limits.signup.',
  type: integer(1, DAY_SECONDS),
  scopes: TENANT,
  default: () => 60,
});

export const DELETED_USERS_KEPT = defineSetting({
  key: 'users.deleted_kept_days',
  displayName: 'Deleted users',
  description: 'Days for which a deleted user can be restored before the account is erased. 0: erased soon after.',
  type: integer(0, 3_650),
  scopes: TENANT,
  default: () => 30,
});

export const APP_NAME = defineSetting({
  key: 'branding.app_name',
  displayName: 'Name',
  description: 'What mails and clients call the app. Default: its name.',
  type: text(100),
  scopes: OF_AN_APP,
  default: () => '',
});

export const LOGO_URL = defineSetting({
  key: 'branding.logo_url',
  displayName: 'Picture',
  description: 'Address of a picture for clients to show. Default: the app’s logo.',
  type: text(2_048, (value) => (value === '' || isWebUrl(value) ? undefined : 'must be an http or https address')),
  scopes: OF_AN_APP,
  default: () => '',
});

/** Pages a developer serves on their own machine may call a development environment. */
const LOCAL_ORIGINS: readonly string[] = ['http://localhost:*', 'http://127.0.0.1:*'];

export const ALLOWED_ORIGINS = defineSetting({
  key: 'cors.allowed_origins',
  displayName: 'Browser origins',
  description:
    'Origins whose pages may call: exact ones, or with * as the whole first label (https://*.example.com) or as the port (http://localhost:*).',
  type: list(MOST_ORIGINS, (entry) =>
    isOriginEntry(entry) ? undefined : 'must hold origins such as https://app.example.com',
  ),
  scopes: TENANT,
  default: ({ environmentType }) => (environmentType === 'development' ? LOCAL_ORIGINS : []),
});
