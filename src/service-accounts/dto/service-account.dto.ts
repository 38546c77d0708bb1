import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsOptional, Matches } from 'class-validator';
import { versioned } from '../../http/etag.js';
import { ClearableText, OptionalFlag, OptionalId, OptionalText, Text } from '../../http/validation/text.decorators.js';
import type { ServiceAccountEntity } from '../service-account.entity.js';

const LONGEST_NAME = 100;
const LONGEST_DESCRIPTION = 500;
const MOST_SCOPES = 50;

const Scopes =
  (): PropertyDecorator =>
  (target, property): void => {
    ApiPropertyOptional({
      type: [String],
      nullable: true,
      description: 'What its keys may be given, such as users:read.',
    })(target, property);
    IsOptional()(target, property);
    IsArray({ message: '$property must be a list' })(target, property);
    ArrayMaxSize(MOST_SCOPES, { message: `$property must have at most ${MOST_SCOPES} entries` })(target, property);
    Matches(/^[a-z][a-z0-9_.:*-]{0,63}$/, {
      each: true,
      message: '$property must hold names of lower-case letters, digits and : . _ - *',
    })(target, property);
  };

export class CreateServiceAccountRequest {
  @OptionalId('app') app_id?: string;
  @OptionalId('environment', 'Of this environment alone; of the app as a whole when absent.') env_id?: string;
  @Text({ longest: LONGEST_NAME, description: 'Unique in the app.' }) name: string;
  @OptionalText({ longest: LONGEST_DESCRIPTION }) description?: string;
  @Scopes() scopes?: string[] | null;
}

export class UpdateServiceAccountRequest {
  @OptionalText({ longest: LONGEST_NAME }) name?: string;
  @ClearableText({ longest: LONGEST_DESCRIPTION }) description?: string | null;
  @Scopes() scopes?: string[] | null;
  @OptionalFlag('False switches it off: its keys open nothing.') active?: boolean | null;
}

export class ServiceAccountResponse {
  @ApiProperty() id: string;
  @ApiProperty() app_id: string;
  @ApiPropertyOptional() env_id?: string;
  @ApiProperty() name: string;
  @ApiPropertyOptional() description?: string;
  @ApiPropertyOptional({ type: [String] }) scopes?: string[];
  @ApiProperty() active: boolean;
  @ApiProperty({ format: 'date-time' }) created_at: string;
  @ApiProperty({ format: 'date-time' }) updated_at: string;
}

export class ServiceAccountListResponse {
  @ApiProperty({ type: [ServiceAccountResponse] }) service_accounts: ServiceAccountResponse[];
  @ApiProperty({ type: 'integer', description: 'How many the app has.' }) total: number;
  @ApiPropertyOptional() next_cursor?: string;
}

export function toServiceAccountResponse(account: ServiceAccountEntity): ServiceAccountResponse {
  const { id, appId, envId, name, description, scopes, disabledAt, createdAt, updatedAt, version } = account;
  const response = {
    id,
    app_id: appId,
    ...(envId === null ? {} : { env_id: envId }),
    name,
    ...(description === null ? {} : { description }),
    ...(scopes.length === 0 ? {} : { scopes }),
    active: disabledAt === null,
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
  };
  return versioned(response, version);
}
