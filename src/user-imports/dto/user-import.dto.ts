import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, IsInt, IsObject, Matches, Max, Min, ValidateNested } from 'class-validator';
import { PageQuery } from '../../http/paging/page.query.js';
import { IfPresent, OptionalChoice, OptionalFlag, OptionalId } from '../../http/validation/text.decorators.js';
import type { Id } from '../../kernel/ids/id.js';
import { CONFLICT_POLICIES, type ConflictPolicy } from '../../users/bulk-users.service.js';
import { ROW_ERRORS } from '../import-row.rules.js';
import { MAPPING_NAMES, type MappingName } from '../mappings/mappings.js';
import { IMPORT_STATES, type UserImportEntity } from '../user-import.entity.js';
import type { UserImportRowEntity } from '../user-import-row.entity.js';
import type { NewImport } from '../user-imports.service.js';

const BASE64 = /^[A-Za-z0-9+/_-]{1,172}={0,2}$/;
export const MOST_AT_ONCE = 1_000;

function Base64(description: string): PropertyDecorator {
  return (target, property) => {
    ApiProperty({ type: String, pattern: BASE64.source, description })(target, property);
    Matches(BASE64, { message: '$property must be base64' })(target, property);
  };
}

function WholeNumber(least: number, most: number, description: string): PropertyDecorator {
  return (target, property) => {
    ApiProperty({ type: 'integer', minimum: least, maximum: most, description })(target, property);
    IsInt({ message: '$property must be an integer' })(target, property);
    Min(least, { message: `$property must be at least ${least}` })(target, property);
    Max(most, { message: `$property must be at most ${most}` })(target, property);
  };
}

class HashParametersDto {
  @Base64('base64_signer_key') signer_key: string;
  @Base64('base64_salt_separator') salt_separator: string;
  @WholeNumber(1, 64, 'rounds') rounds: number;
  @WholeNumber(1, 20, 'mem_cost') mem_cost: number;
}

export class CreateUserImportRequest {
  @OptionalChoice(MAPPING_NAMES, 'Whose names the rows use. Default: authsome.') mapping?: MappingName | null;
  @OptionalChoice(
    CONFLICT_POLICIES,
    'What happens with rows whose address has an account: skip (default), update the profile, or fail.',
  )
  on_conflict?: ConflictPolicy | null;
  @OptionalFlag('Whether rows are only looked at, and nothing is written. Default: false.') dry_run?: boolean | null;
  @ApiPropertyOptional({ type: HashParametersDto, description: 'Of a Firebase project, from its console.' })
  @IfPresent()
  @IsObject({ message: '$property must be an object' })
  @ValidateNested()
  @Type(() => HashParametersDto)
  hash_parameters?: HashParametersDto;
}

export function toNewImport(request: CreateUserImportRequest): NewImport {
  const { mapping, on_conflict: onConflict, dry_run: dryRun, hash_parameters: given } = request;
  return {
    mapping: mapping ?? 'authsome',
    onConflict: onConflict ?? 'skip',
    dryRun: dryRun === true,
    ...(given && {
      hashParameters: {
        signerKey: given.signer_key,
        saltSeparator: given.salt_separator,
        rounds: given.rounds,
        memCost: given.mem_cost,
      },
    }),
  };
}

export class BulkImportRequest {
  @ApiProperty({ type: 'array', maxItems: MOST_AT_ONCE, items: { type: 'object', additionalProperties: true } })
  @IsArray({ message: '$property must be a list' })
  @ArrayMaxSize(MOST_AT_ONCE, { message: `$property must have at most ${MOST_AT_ONCE} items` })
  @IsObject({ each: true, message: 'each of $property must be an object' })
  users: Record<string, unknown>[];
  @OptionalId('app', 'Names the app, as the query parameter does.') app_id?: Id<'app'>;
}

class BulkImportError {
  @ApiProperty({ description: 'Which of the users, from 0.' }) index: number;
  @ApiPropertyOptional() email?: string;
  @ApiProperty({ description: 'A code, as in the results of an import.' }) error: string;
}

export class BulkImportResponse {
  @ApiProperty() created: number;
  @ApiProperty({ description: 'Those whose address has an account already.' }) skipped: number;
  @ApiPropertyOptional({ type: [BulkImportError] }) errors?: BulkImportError[];
}

export class UserImportResponse {
  @ApiProperty({ example: 'aimp_01jd3v3x6pe0p9m2s5f7q8w9ab' }) id: string;
  @ApiProperty() app_id: string;
  @ApiProperty() env_id: string;
  @ApiProperty({ enum: MAPPING_NAMES }) mapping: string;
  @ApiProperty({ enum: CONFLICT_POLICIES }) on_conflict: string;
  @ApiProperty() dry_run: boolean;
  @ApiProperty({ enum: IMPORT_STATES }) state: string;
  @ApiProperty({ description: 'Rows received.' }) total: number;
  @ApiProperty({ description: 'Rows that have their outcome.' }) processed: number;
  @ApiProperty() created: number;
  @ApiProperty() updated: number;
  @ApiProperty() skipped: number;
  @ApiProperty() failed: number;
  @ApiProperty({ format: 'date-time' }) created_at: string;
  @ApiProperty({ format: 'date-time' }) updated_at: string;
  @ApiPropertyOptional({ format: 'date-time' }) finished_at?: string;
}

export class UserImportListResponse {
  @ApiProperty({ type: [UserImportResponse] }) user_imports: UserImportResponse[];
  @ApiPropertyOptional() next_cursor?: string;
}

const OUTCOMES = ['created', 'updated', 'skipped', 'failed'] as const;

export class ImportResultsQuery extends PageQuery {
  @ApiPropertyOptional({ enum: OUTCOMES, description: 'Rows with this outcome; all when absent.' })
  @IfPresent()
  @IsIn(OUTCOMES, { message: `$property must be one of ${OUTCOMES.join(', ')}` })
  outcome?: string;
}

class ImportResultResponse {
  @ApiProperty({ description: 'Counts the rows from 1, in the order they were received.' }) line: number;
  @ApiProperty({ enum: OUTCOMES }) outcome: string;
  @ApiPropertyOptional({ description: 'The account that was made, changed, or was there already.' }) user_id?: string;
  @ApiPropertyOptional({ description: 'Why it was skipped or has failed.' }) code?: string;
  @ApiPropertyOptional() message?: string;
}

export class ImportResultListResponse {
  @ApiProperty({ type: [ImportResultResponse] }) results: ImportResultResponse[];
  @ApiPropertyOptional() next_cursor?: string;
}

export function toUserImportResponse(row: UserImportEntity): UserImportResponse {
  const { created, updated, skipped, failed } = row;
  return {
    id: row.id,
    app_id: row.appId,
    env_id: row.envId,
    mapping: row.mapping,
    on_conflict: row.onConflict,
    dry_run: row.dryRun,
    state: row.state,
    total: row.total,
    processed: created + updated + skipped + failed,
    created,
    updated,
    skipped,
    failed,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
    ...(row.finishedAt === null ? {} : { finished_at: row.finishedAt.toISOString() }),
  };
}

const CONFLICTS: Readonly<Record<string, string>> = {
  email_taken: 'An account has this address.',
  username_taken: 'Another account has this username.',
  external_id_taken: 'Another account has this external id.',
};

export function toResultResponse({ line, outcome, userId, reason }: UserImportRowEntity): ImportResultResponse {
  const messages: Readonly<Record<string, string>> = { ...ROW_ERRORS, ...CONFLICTS };
  const message = reason === null ? undefined : messages[reason];
  return {
    line,
    outcome: outcome ?? '',
    ...(userId === null ? {} : { user_id: userId }),
    ...(reason === null ? {} : { code: reason }),
    ...(message === undefined ? {} : { message }),
  };
}
