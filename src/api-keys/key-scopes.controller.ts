import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { RequireSession } from '../http/access/access.js';
import { GrantableScopes } from './grantable-scopes.js';

class KeyScopeResponse {
  @ApiProperty({ example: 'read:users' }) scope: string;
  @ApiProperty({ type: [String], description: 'What it opens here.', example: ['GET /v1/admin/users'] })
  routes: string[];
}

class KeyScopeListResponse {
  @ApiProperty({ type: [KeyScopeResponse] }) scopes: KeyScopeResponse[];
}

@ApiTags('API keys')
@Controller('v1/keys/scopes')
export class KeyScopesController {
  constructor(private readonly scopes: GrantableScopes) {}

  @Get()
  @RequireSession({ operators: true })
  @ApiOperation({
    operationId: 'listAPIKeyScopes',
    summary: 'The scopes that routes of the service name, and what they open',
    description:
      'Read from the routes themselves, those of extensions too. Every other scope is your own, and means what your services make of it.',
  })
  @ApiOkResponse({ type: KeyScopeListResponse })
  list(): KeyScopeListResponse {
    return { scopes: this.scopes.all().map(({ scope, routes }) => ({ scope, routes: [...routes] })) };
  }
}
