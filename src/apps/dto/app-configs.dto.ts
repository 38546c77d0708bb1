import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { OptionalChoice, OptionalFlag, OptionalInteger, OptionalText } from '../../http/validation/text.decorators.js';
import { OptionalWebUrl } from '../../http/validation/web-url.decorator.js';
import { siblingId } from '../../kernel/ids/id.js';
import type { CLIENT_CONFIG, SESSION_CONFIG } from '../app-configs.js';
import type { ClientConfig, ConfigValues, SessionConfig } from '../app-configs.service.js';
import { TOKEN_FORMATS, type TokenFormat } from '../tenant-settings.js';

const DAY_SECONDS = 86_400;

/** Replaces the whole configuration: what is absent or null is inherited from the deployment. */
export class PutSessionConfigRequest {
  @OptionalInteger(1, DAY_SECONDS, 'Life of an access token, in seconds.') token_ttl_seconds?: number | null;
  @OptionalInteger(1, 365 * DAY_SECONDS, 'Life of an unused refresh token, in seconds.')
  refresh_token_ttl_seconds?: number | null;
  @OptionalInteger(0, 10_000, 'Live sessions per user; the oldest ends when one more starts. 0: no cap.')
  max_active_sessions?: number | null;
  @OptionalFlag('Whether a refresh replaces the refresh token too.') rotate_refresh_token?: boolean | null;
  @OptionalFlag('Refuse a session from another address than it started from.') bind_to_ip?: boolean | null;
  @OptionalFlag('Refuse a session from another device or agent than it started from.') bind_to_device?: boolean | null;
  @OptionalChoice(TOKEN_FORMATS, 'Form of access tokens.') token_format?: TokenFormat | null;
}

export function toSessionConfigInput(request: PutSessionConfigRequest): ConfigValues<typeof SESSION_CONFIG> {
  return withoutNulls({
    token_ttl_seconds: request.token_ttl_seconds,
    refresh_token_ttl_seconds: request.refresh_token_ttl_seconds,
    max_active_sessions: request.max_active_sessions,
    rotate_refresh_token: request.rotate_refresh_token,
    bind_to_ip: request.bind_to_ip,
    bind_to_device: request.bind_to_device,
    token_format: request.token_format,
  });
}

export class SessionConfigResponse {
  @ApiProperty() id: string;
  @ApiProperty() app_id: string;
  @ApiPropertyOptional({ type: 'integer' }) token_ttl_seconds?: number;
  @ApiPropertyOptional({ type: 'integer' }) refresh_token_ttl_seconds?: number;
  @ApiPropertyOptional({ type: 'integer' }) max_active_sessions?: number;
  @ApiPropertyOptional() rotate_refresh_token?: boolean;
  @ApiPropertyOptional() bind_to_ip?: boolean;
  @ApiPropertyOptional() bind_to_device?: boolean;
  @ApiPropertyOptional({ enum: TOKEN_FORMATS }) token_format?: string;
  @ApiProperty({ format: 'date-time' }) created_at: string;
  @ApiProperty({ format: 'date-time' }) updated_at: string;
}

export function toSessionConfigResponse({ appId, values, createdAt, updatedAt }: SessionConfig): SessionConfigResponse {
  return {
    id: siblingId('session_config', appId),
    app_id: appId,
    ...values,
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
  };
}

/** Replaces the whole configuration: what is absent or null has its default. */
export class PutClientConfigRequest {
  @OptionalFlag('Whether strangers may sign up.') signup_enabled?: boolean | null;
  @OptionalFlag('Whether passwords open sessions.') password_enabled?: boolean | null;
  @OptionalFlag('Whether an address must be verified before a session is given. Default: the environment decides.')
  require_email_verification?: boolean | null;
  @OptionalText({ longest: 100, description: 'What mails and clients call the app.' }) app_name?: string | null;
  @OptionalWebUrl('A picture.') logo_url?: string | null;
}

export function toClientConfigInput(request: PutClientConfigRequest): ConfigValues<typeof CLIENT_CONFIG> {
  return withoutNulls({
    signup_enabled: request.signup_enabled,
    password_enabled: request.password_enabled,
    require_email_verification: request.require_email_verification,
    app_name: request.app_name || null,
    logo_url: request.logo_url || null,
  });
}

export class AppClientConfigResponse {
  @ApiProperty() id: string;
  @ApiProperty() app_id: string;
  @ApiPropertyOptional() signup_enabled?: boolean;
  @ApiPropertyOptional() password_enabled?: boolean;
  @ApiPropertyOptional() require_email_verification?: boolean;
  @ApiPropertyOptional() app_name?: string;
  @ApiPropertyOptional() logo_url?: string;
  @ApiProperty({ format: 'date-time' }) created_at: string;
  @ApiProperty({ format: 'date-time' }) updated_at: string;
}

export function toAppClientConfigResponse({
  appId,
  values,
  createdAt,
  updatedAt,
}: ClientConfig): AppClientConfigResponse {
  return {
    id: siblingId('client_config', appId),
    app_id: appId,
    ...values,
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
  };
}

type Present<T> = { [K in keyof T]?: NonNullable<T[K]> };

function withoutNulls<T extends object>(values: T): Present<T> {
  const present = Object.entries(values).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(present) as Present<T>;
}
