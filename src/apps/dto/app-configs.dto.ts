import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { OptionalChoice, OptionalFlag, OptionalInteger, OptionalText } from '../../http/validation/text.decorators.js';
import { OptionalWebUrl } from '../../http/validation/web-url.decorator.js';
import type { ClientConfigInput, SessionConfigInput } from '../app-configs.service.js';
import type { ClientConfigEntity } from '../client-config.entity.js';
import { type SessionConfigEntity, TOKEN_FORMATS, type TokenFormat } from '../session-config.entity.js';

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

export function toSessionConfigInput(request: PutSessionConfigRequest): SessionConfigInput {
  return {
    tokenTtlSeconds: request.token_ttl_seconds ?? null,
    refreshTokenTtlSeconds: request.refresh_token_ttl_seconds ?? null,
    maxActiveSessions: request.max_active_sessions ?? null,
    rotateRefreshToken: request.rotate_refresh_token ?? null,
    bindToIp: request.bind_to_ip ?? null,
    bindToDevice: request.bind_to_device ?? null,
    tokenFormat: request.token_format ?? null,
  };
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

export function toSessionConfigResponse(config: SessionConfigEntity): SessionConfigResponse {
  return {
    id: config.id,
    app_id: config.appId,
    ...withoutNulls({
      token_ttl_seconds: config.tokenTtlSeconds,
      refresh_token_ttl_seconds: config.refreshTokenTtlSeconds,
      max_active_sessions: config.maxActiveSessions,
      rotate_refresh_token: config.rotateRefreshToken,
      bind_to_ip: config.bindToIp,
      bind_to_device: config.bindToDevice,
      token_format: config.tokenFormat,
    }),
    created_at: config.createdAt.toISOString(),
    updated_at: config.updatedAt.toISOString(),
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

export function toClientConfigInput(request: PutClientConfigRequest): ClientConfigInput {
  return {
    signupEnabled: request.signup_enabled ?? null,
    passwordEnabled: request.password_enabled ?? null,
    requireEmailVerification: request.require_email_verification ?? null,
    appName: request.app_name || null,
    logoUrl: request.logo_url || null,
  };
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

export function toAppClientConfigResponse(config: ClientConfigEntity): AppClientConfigResponse {
  return {
    id: config.id,
    app_id: config.appId,
    ...withoutNulls({
      signup_enabled: config.signupEnabled,
      password_enabled: config.passwordEnabled,
      require_email_verification: config.requireEmailVerification,
      app_name: config.appName,
      logo_url: config.logoUrl,
    }),
    created_at: config.createdAt.toISOString(),
    updated_at: config.updatedAt.toISOString(),
  };
}

type Present<T> = { [K in keyof T]?: NonNullable<T[K]> };

function withoutNulls<T extends object>(values: T): Present<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) as Present<T>;
}
