import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { PageQuery } from '../../http/paging/page.query.js';
import { OptionalId, RequiredId } from '../../http/validation/text.decorators.js';
import { invalidFields } from '../../http/validation/validation.pipe.js';
import { parseId } from '../../kernel/ids/id.js';
import { OptionalEmail } from '../../users/dto/identity.decorators.js';
import type { OperatorName } from '../operators.service.js';
import type { OperatorRow } from '../operators.system-repository.js';

/** A user of the platform app, named by one of the two. */
export class OperatorNameRequest {
  @OptionalEmail() email?: string;
  @OptionalId('user') user_id?: string;
}

export class GrantAppRequest extends OperatorNameRequest {
  @RequiredId('app') app_id: string;
}

export class OperatorsQuery extends PageQuery {
  @OptionalId('app', 'Only those who reach this app.') app_id?: string;
}

export class RevokeOperatorQuery {
  @OptionalId('app', 'Take this app away alone; everything when absent.') app_id?: string;
}

export class PlatformOwnerResponse {
  @ApiProperty({ description: 'The one role there is: platform_owner.' }) role_id: string;
  @ApiProperty() status: string;
  @ApiProperty() user_id: string;
}

export class OperatorResponse {
  @ApiProperty() user_id: string;
  @ApiProperty({ format: 'idn-email' }) email: string;
  @ApiProperty({ description: 'Reaches every app.' }) platform_owner: boolean;
  @ApiProperty({ type: [String], description: 'Apps granted one by one.' }) app_ids: string[];
  @ApiProperty({ format: 'date-time' }) created_at: string;
}

export class OperatorListResponse {
  @ApiProperty({ type: [OperatorResponse] }) operators: OperatorResponse[];
  @ApiPropertyOptional() next_cursor?: string;
}

/** @throws ValidationFailed unless exactly one of the two is there. */
export function toOperatorName({ email, user_id }: OperatorNameRequest): OperatorName {
  if (email && !user_id) return { email };
  if (user_id && !email) return { userId: parseId('user', user_id) };
  throw invalidFields([{ path: 'email', code: 'required', message: 'give either email or user_id' }]);
}

export function toPlatformOwnerResponse(userId: string, status: 'granted' | 'revoked'): PlatformOwnerResponse {
  return { role_id: 'platform_owner', status, user_id: userId };
}

export function toOperatorResponse({ userId, email, everyApp, appIds, createdAt }: OperatorRow): OperatorResponse {
  return {
    user_id: userId,
    email: email ?? '',
    platform_owner: everyApp,
    app_ids: appIds,
    created_at: createdAt.toISOString(),
  };
}
