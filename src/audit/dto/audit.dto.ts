import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { PageQuery } from '../../http/paging/page.query.js';
import { IfPresent, OptionalId, OptionalText } from '../../http/validation/text.decorators.js';
import { OptionalTime, toTime } from '../../http/validation/time.decorator.js';
import type { AuditEntryEntity } from '../../kernel/audit/audit-entry.entity.js';
import type { Id } from '../../kernel/ids/id.js';
import type { AuditFilter } from '../audit-log.repository.js';

const OUTCOMES = ['success', 'failure'] as const;

export class ListAuditQuery extends PageQuery {
  @OptionalId('environment', 'In one environment; in every one when absent.') env_id?: Id<'environment'>;
  @OptionalText({ longest: 100, description: 'One action (`user.updated`), or all that begin so (`user.`).' })
  action?: string;
  @ApiPropertyOptional({ enum: OUTCOMES })
  @IfPresent()
  @IsIn(OUTCOMES, { message: '$property must be success or failure' })
  outcome?: string;
  @OptionalText({ longest: 64, description: 'Who acted.' }) actor_id?: string;
  @OptionalText({ longest: 64 }) target_type?: string;
  @OptionalText({ longest: 255, description: 'To whom or what.' }) target_id?: string;
  @OptionalText({ longest: 128, description: 'What one request did.' }) request_id?: string;
  @OptionalTime('Then or later.') from?: string;
  @OptionalTime('Before then.') to?: string;
}

export class ExportAuditQuery extends ListAuditQuery {
  @ApiPropertyOptional({ enum: ['ndjson', 'csv'], description: 'Default: ndjson.' })
  @IfPresent()
  @IsIn(['ndjson', 'csv'], { message: '$property must be ndjson or csv' })
  format?: 'ndjson' | 'csv';
}

/** @throws ValidationFailed for a day that no calendar has. */
export function toFilter(query: ListAuditQuery): AuditFilter {
  const from = toTime(query.from, 'from');
  const to = toTime(query.to, 'to');
  return {
    ...(query.env_id && { envId: query.env_id }),
    ...(query.action && { action: query.action }),
    ...(query.outcome && { outcome: query.outcome }),
    ...(query.actor_id && { actorId: query.actor_id }),
    ...(query.target_type && { targetType: query.target_type }),
    ...(query.target_id && { targetId: query.target_id }),
    ...(query.request_id && { requestId: query.request_id }),
    ...(from && { from }),
    ...(to && { to }),
  };
}

export class AuditEntryResponse {
  @ApiProperty({ example: 'aaud_01jd3v3x6pe0p9m2s5f7q8w9ab' }) id: string;
  @ApiProperty({ format: 'date-time' }) occurred_at: string;
  @ApiProperty() app_id: string;
  @ApiPropertyOptional() env_id?: string;
  @ApiProperty({ example: 'user.updated' }) action: string;
  @ApiProperty({ enum: OUTCOMES }) outcome: string;
  @ApiProperty({ example: 'user' }) actor_kind: string;
  @ApiPropertyOptional() actor_id?: string;
  @ApiPropertyOptional() session_id?: string;
  @ApiPropertyOptional() target_type?: string;
  @ApiPropertyOptional() target_id?: string;
  @ApiPropertyOptional() request_id?: string;
  @ApiPropertyOptional() ip_address?: string;
  @ApiPropertyOptional() user_agent?: string;
  @ApiPropertyOptional({ type: 'object', additionalProperties: true, description: 'Per field: before and after.' })
  changes?: object;
  @ApiProperty({ type: 'object', additionalProperties: true }) metadata: object;
}

export class AuditListResponse {
  @ApiProperty({ type: [AuditEntryResponse] }) entries: AuditEntryResponse[];
  @ApiPropertyOptional() next_cursor?: string;
}

export function toAuditEntryResponse(entry: AuditEntryEntity): AuditEntryResponse {
  const { envId, actorId, sessionId, targetType, targetId, requestId, personal } = entry;
  return {
    id: entry.id,
    occurred_at: entry.occurredAt.toISOString(),
    app_id: entry.appId,
    ...(envId === null ? {} : { env_id: envId }),
    action: entry.action,
    outcome: entry.outcome,
    actor_kind: entry.actorKind,
    ...(actorId === null ? {} : { actor_id: actorId }),
    ...(sessionId === null ? {} : { session_id: sessionId }),
    ...(targetType === null ? {} : { target_type: targetType }),
    ...(targetId === null ? {} : { target_id: targetId }),
    ...(requestId === null ? {} : { request_id: requestId }),
    ...(personal as { ip_address?: string; user_agent?: string; changes?: object }),
    metadata: entry.metadata,
  };
}

/** An entry as the person sees it whom it concerns: of others, only that it was not they. */
export class AccountEventResponse {
  @ApiProperty() id: string;
  @ApiProperty({ format: 'date-time' }) occurred_at: string;
  @ApiProperty({ example: 'auth.sign_in' }) action: string;
  @ApiProperty({ enum: OUTCOMES }) outcome: string;
  @ApiProperty({ description: 'Whether it was done by the person’s own account.' }) by_you: boolean;
  @ApiPropertyOptional({ description: 'Who acted in their name.' }) impersonated_by?: string;
  @ApiPropertyOptional() session_id?: string;
  @ApiPropertyOptional() ip_address?: string;
  @ApiPropertyOptional() user_agent?: string;
}

export class AccountEventListResponse {
  @ApiProperty({ type: [AccountEventResponse] }) events: AccountEventResponse[];
  @ApiPropertyOptional() next_cursor?: string;
}

/** @param userId whose account it is. */
export function toAccountEvent(entry: AuditEntryEntity, userId: Id<'user'>): AccountEventResponse {
  const byOther = entry.actorId !== null && entry.actorId !== userId;
  const { ip_address, user_agent } = entry.personal as { ip_address?: string; user_agent?: string };
  const { impersonated_by } = entry.metadata as { impersonated_by?: string };
  return {
    id: entry.id,
    occurred_at: entry.occurredAt.toISOString(),
    action: entry.action,
    outcome: entry.outcome,
    by_you: entry.actorId === userId && impersonated_by === undefined,
    ...(impersonated_by === undefined ? {} : { impersonated_by }),
    ...(byOther || entry.sessionId === null ? {} : { session_id: entry.sessionId }),
    // Where an operator sat is nobody's business; who tried a password, from where, is its owner's.
    ...(byOther || ip_address === undefined ? {} : { ip_address }),
    ...(byOther || user_agent === undefined ? {} : { user_agent }),
  };
}
