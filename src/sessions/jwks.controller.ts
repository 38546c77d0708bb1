import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import type { JWK } from 'jose';
import { Public } from '../http/access/access.js';
import { SigningKeys } from './signing-keys.js';

class PublicKeyResponse {
  @ApiProperty() kty: string;
  @ApiProperty() kid: string;
  @ApiProperty() alg: string;
  @ApiProperty() use: string;
  @ApiPropertyOptional() crv?: string;
  @ApiPropertyOptional() x?: string;
  @ApiPropertyOptional() y?: string;
}

class KeySetResponse {
  @ApiProperty({ type: [PublicKeyResponse] }) keys: PublicKeyResponse[];
}

@ApiTags('Discovery')
@Controller('.well-known/jwks.json')
export class JwksController {
  constructor(private readonly keys: SigningKeys) {}

  @Get()
  @Public({ tenant: 'none' })
  @Header('cache-control', 'public, max-age=300')
  @ApiOperation({ operationId: 'getJwks', summary: 'The public keys of JWT access tokens (RFC 7517)' })
  @ApiOkResponse({ type: KeySetResponse })
  async get(): Promise<{ keys: JWK[] }> {
    return { keys: await this.keys.publicSet() };
  }
}
