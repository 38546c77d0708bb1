import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayNotEmpty, IsArray, IsObject, Matches, ValidateNested } from 'class-validator';
import { OptionalId, OptionalText, Text } from '../../http/validation/text.decorators.js';
import type { Id } from '../../kernel/ids/id.js';
import type { ForeignSecret } from '../../keys-bridge/key-manager.js';
import { CreateServiceAccountKeyRequest } from './api-key.dto.js';

const MOST_AT_ONCE = 100;
/** 256 bits, in hex or in base64 of either alphabet. */
const SHA256 = /^([0-9a-fA-F]{64}|[A-Za-z0-9+/_-]{43}=?)$/;

export class ImportedApiKeyDto extends CreateServiceAccountKeyRequest {
  @Text({
    longest: 64,
    description: 'SHA-256 of the whole key, in hex or base64: as Authsome, Keysmith and Unkey keep it.',
  })
  @Matches(SHA256, { message: '$property must be a SHA-256 hash in hex or base64' })
  hash: string;
  @OptionalText({ longest: 20, description: 'How the key begins, to show it by.' }) key_prefix?: string;
  @OptionalText({ longest: 4, description: 'How it ends.' }) last_four?: string;
  @OptionalId('user', 'Whose it is: one of the three.') user_id?: Id<'user'>;
  @OptionalId('organization') org_id?: Id<'organization'>;
  @OptionalId('service_account') service_account_id?: Id<'service_account'>;
}

export class ImportApiKeysRequest {
  @ApiProperty({ type: [ImportedApiKeyDto], minItems: 1, maxItems: MOST_AT_ONCE })
  @IsArray({ message: '$property must be a list' })
  @ArrayNotEmpty({ message: '$property must hold a key' })
  @ArrayMaxSize(MOST_AT_ONCE, { message: `$property must hold at most ${MOST_AT_ONCE} keys` })
  @IsObject({ each: true, message: 'each of $property must be an object' })
  @ValidateNested({ each: true })
  @Type(() => ImportedApiKeyDto)
  keys: ImportedApiKeyDto[];
}

export class ImportApiKeysResponse {
  @ApiProperty({ type: [String], description: 'Of the new keys, in the order they were sent.' }) ids: string[];
}

export function toForeignSecret({ hash, key_prefix, last_four }: ImportedApiKeyDto): ForeignSecret {
  const encoding = hash.length === 64 ? 'hex' : 'base64';
  return { hash: Buffer.from(hash, encoding), start: key_prefix || '', lastFour: last_four || '' };
}
