import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { parseScopeExpression, type ScopeExpression } from '../../http/access/scope-expression.js';
import { OptionalInteger, OptionalText, Text } from '../../http/validation/text.decorators.js';
import { invalidFields } from '../../http/validation/validation.pipe.js';
import type { DomainError } from '../../kernel/errors/problem.js';
import type { ValidatedKey } from '../../keys-bridge/key-manager.js';
import { LONGEST_KEY } from '../key-format.js';

export class VerifyApiKeyRequest {
  @Text({ longest: LONGEST_KEY, description: 'The key as it was presented to you.' }) key: string;
  @OptionalText({
    longest: 1_000,
    description: 'What it must be good for: scopes with AND, OR and parentheses.',
    example: 'read:users',
  })
  scopes?: string;
  @OptionalInteger(0, 1_000_000, 'Credits the call costs; 1 when absent.') cost?: number | null;
  @OptionalText({ longest: 64, description: 'Where the call came from.' }) ip?: string;
  @OptionalText({ longest: 300 }) origin?: string;
  @OptionalText({ longest: 10 }) method?: string;
  @OptionalText({ longest: 300 }) path?: string;
  @OptionalText({ longest: 100, description: 'Under which its use is counted.' }) tag?: string;
}

/** @throws ValidationFailed */
export function toScopeExpression(text: string | undefined): ScopeExpression | undefined {
  if (!text) return undefined;
  try {
    return parseScopeExpression(text);
  } catch (error) {
    throw invalidFields([{ path: 'scopes', code: 'scope_expression', message: `scopes: ${(error as Error).message}` }]);
  }
}

export class KeyLimitStateResponse {
  @ApiProperty() name: string;
  @ApiProperty({ type: 'integer' }) limit: number;
  @ApiProperty({ type: 'integer' }) remaining: number;
  @ApiProperty({ type: 'integer', description: 'Seconds.' }) reset_seconds: number;
}

export class VerifyApiKeyResponse {
  @ApiProperty() valid: boolean;
  @ApiPropertyOptional({
    description: 'Why not: the type of the problem that a call of the service’s own would have answered.',
  })
  code?: string;
  @ApiPropertyOptional() key_id?: string;
  @ApiPropertyOptional() name?: string;
  @ApiPropertyOptional() owner_kind?: string;
  @ApiPropertyOptional() owner_id?: string;
  @ApiPropertyOptional({ type: [String] }) scopes?: string[];
  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' } }) metadata?: Record<string, string>;
  @ApiPropertyOptional({ format: 'date-time' }) expires_at?: string;
  @ApiPropertyOptional({ format: 'date-time', description: 'Of a secret that was rotated out: until when it works.' })
  grace_ends_at?: string;
  @ApiPropertyOptional({ type: [KeyLimitStateResponse] }) limits?: KeyLimitStateResponse[];
  @ApiPropertyOptional({ type: 'integer' }) credits_remaining?: number;
  @ApiPropertyOptional({ type: 'integer', description: 'Seconds, of a limit that is used up.' }) retry_after?: number;
  @ApiPropertyOptional({ type: [String] }) missing?: string[];
}

export function toVerifyResponse(key: ValidatedKey): VerifyApiKeyResponse {
  return {
    valid: true,
    key_id: key.id,
    name: key.name,
    owner_kind: key.owner.kind,
    owner_id: key.owner.id,
    scopes: [...key.scopes],
    metadata: { ...key.metadata },
    ...(key.expiresAt === null ? {} : { expires_at: key.expiresAt.toISOString() }),
    ...(key.grace === undefined ? {} : { grace_ends_at: key.grace.until.toISOString() }),
    limits: key.limits.map(({ name, limit, remaining, resetMs }) => ({
      name,
      limit,
      remaining,
      reset_seconds: Math.ceil(resetMs / 1_000),
    })),
    ...(key.creditsRemaining === undefined ? {} : { credits_remaining: key.creditsRemaining }),
  };
}

/** What may be told of a refusal. */
export function toRefusedResponse({ code, extras }: DomainError): VerifyApiKeyResponse {
  const { retry_after, missing } = extras as { retry_after?: number; missing?: string[] };
  return {
    valid: false,
    code,
    ...(retry_after === undefined ? {} : { retry_after }),
    ...(missing === undefined ? {} : { missing }),
  };
}
