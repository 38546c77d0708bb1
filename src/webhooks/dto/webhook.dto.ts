import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { versioned } from '../../http/etag.js';
import { ClearableText, OptionalFlag, OptionalInteger, Text } from '../../http/validation/text.decorators.js';
import { canonicalEmail } from '../../users/user.rules.js';
import type { WebhookEntity } from '../webhook.entity.js';
import type { WebhookChanges, WebhookInput, WebhookWithSecret } from '../webhooks.service.js';
import { ReceiverHeaders, receiverHeaders } from './receiver-headers.js';
import { ContactEmail, EventPatterns, OptionalEndpoint, OptionalEventPatterns } from './webhook-fields.js';

const DAY_S = 24 * 60 * 60;
export const DEFAULT_OVERLAP_S = DAY_S;

export class CreateWebhookRequest {
  @Text({ longest: 2_048, format: 'uri', description: 'An https address.', example: 'https://example.com/hooks' })
  url: string;

  @EventPatterns() events: string[];
  @ClearableText({ longest: 200 }) description?: string | null;
  @ContactEmail('Who is written to when the webhook is switched off. Your own address when absent.')
  contact_email?: string | null;
  @ReceiverHeaders() headers?: Record<string, unknown> | null;
  @OptionalFlag('Whether events are sent to it. Default true.') active?: boolean | null;
}

/** Absent and null leave a field as it is; the empty text clears it; `headers` replaces all of them. */
export class UpdateWebhookRequest {
  @OptionalEndpoint() url?: string;
  @OptionalEventPatterns() events?: string[];
  @ClearableText({ longest: 200 }) description?: string | null;
  @ContactEmail('Who is written to when the webhook is switched off.') contact_email?: string | null;
  @ReceiverHeaders() headers?: Record<string, unknown> | null;
  @OptionalFlag('Whether events are sent to it.') active?: boolean | null;
}

export class RotateWebhookSecretRequest {
  @OptionalInteger(0, 30 * DAY_S, 'How long, in seconds, the secret before signs too. Default: a day.')
  overlap_seconds?: number | null;
}

export class WebhookResponse {
  @ApiProperty({ example: 'awhk_01jd3v3x6pe0p9m2s5f7q8w9ab' }) id: string;
  @ApiProperty() app_id: string;
  @ApiProperty() env_id: string;
  @ApiProperty() url: string;
  @ApiProperty({ type: [String] }) events: string[];
  @ApiProperty() active: boolean;
  @ApiPropertyOptional({ enum: ['gone', 'failing'], description: 'Why it was switched off by itself.' })
  disabled_reason?: string;
  @ApiPropertyOptional() description?: string;
  @ApiPropertyOptional() contact_email?: string;
  @ApiPropertyOptional({ type: [String], description: 'Names only: the values may be credentials.' })
  header_names?: string[];
  @ApiPropertyOptional({ format: 'date-time', description: 'Until then the secret before signs too.' })
  overlap_until?: string;
  @ApiPropertyOptional({ format: 'date-time', description: 'The first failure since the last success.' })
  failing_since?: string;
  @ApiProperty({ format: 'date-time' }) created_at: string;
  @ApiProperty({ format: 'date-time' }) updated_at: string;
}

export class WebhookWithSecretResponse extends WebhookResponse {
  @ApiProperty({ description: 'Signs the deliveries. Shown this once.', example: 'whsec_…' }) secret: string;
}

export class WebhookListResponse {
  @ApiProperty({ type: [WebhookResponse] }) webhooks: WebhookResponse[];
  @ApiPropertyOptional() next_cursor?: string;
}

/** @param ownEmail the caller's. @throws ValidationFailed for headers that may not be set. */
export function toWebhookInput(body: CreateWebhookRequest, ownEmail: string | null): WebhookInput {
  return {
    url: body.url,
    events: body.events,
    description: body.description || null,
    contactEmail: contactOf(body.contact_email) ?? ownEmail,
    headers: receiverHeaders(body.headers) ?? {},
    active: body.active ?? true,
  };
}

/** @throws ValidationFailed for headers that may not be set. */
export function toWebhookChanges(body: UpdateWebhookRequest): WebhookChanges {
  const headers = receiverHeaders(body.headers);
  return {
    ...(body.url && { url: body.url }),
    ...(body.events && { events: body.events }),
    ...(body.description == null ? {} : { description: body.description || null }),
    ...(body.contact_email == null ? {} : { contactEmail: contactOf(body.contact_email) ?? null }),
    ...(headers && { headers }),
    ...(body.active == null ? {} : { active: body.active }),
  };
}

export function toWebhookResponse(webhook: WebhookEntity, headerNames: readonly string[]): WebhookResponse {
  const { description, contactEmail, disabledReason, overlapUntil, failingSince } = webhook;
  return versioned(
    {
      id: webhook.id,
      app_id: webhook.appId,
      env_id: webhook.envId,
      url: webhook.url,
      events: webhook.events,
      active: webhook.active,
      ...(disabledReason === null ? {} : { disabled_reason: disabledReason }),
      ...(description === null ? {} : { description }),
      ...(contactEmail === null ? {} : { contact_email: contactEmail }),
      ...(headerNames.length === 0 ? {} : { header_names: [...headerNames] }),
      ...(overlapUntil === null ? {} : { overlap_until: overlapUntil.toISOString() }),
      ...(failingSince === null ? {} : { failing_since: failingSince.toISOString() }),
      created_at: webhook.createdAt.toISOString(),
      updated_at: webhook.updatedAt.toISOString(),
    },
    webhook.version,
  );
}

export function toWebhookWithSecretResponse(
  { webhook, secret }: WebhookWithSecret,
  headerNames: readonly string[],
): WebhookWithSecretResponse {
  return versioned({ ...toWebhookResponse(webhook, headerNames), secret }, webhook.version);
}

function contactOf(email: string | null | undefined): string | undefined {
  return email ? canonicalEmail(email) : undefined;
}
