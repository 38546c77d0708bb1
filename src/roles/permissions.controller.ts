import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireSession } from '../http/access/access.js';
import { InsufficientPermissions } from '../http/access/access.problems.js';
import { PermissionChecks } from '../http/access/permission-checks.js';
import { AsOperator, Caller, Tenant } from '../http/params/caller.decorators.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import type { UserPrincipal } from '../kernel/context/principal.js';
import type { EnvScope } from '../kernel/context/scope.js';
import {
  CheckPermissionRequest,
  CheckPermissionResponse,
  OwnPermissionsQuery,
  OwnPermissionsResponse,
  toDecisionResponse,
  toOwnPermissionsResponse,
  toQuestions,
} from './dto/permission-check.dto.js';
import { PermissionsService } from './permissions.service.js';

@ApiTags('Permissions')
@Controller('v1')
export class PermissionsController {
  constructor(
    private readonly permissions: PermissionsService,
    private readonly checks: PermissionChecks,
  ) {}

  @Post('permissions/check')
  @HttpCode(200)
  @RequireSession({ operators: true })
  @ApiOperation({
    operationId: 'checkPermission',
    summary: 'Ask whether somebody may do something, and why',
    description:
      'One question, or up to 100 as `checks`. About others only operators of the app may ask, and whoever holds `read` on `role`.',
  })
  @ApiOkResponse({ type: CheckPermissionResponse })
  @ApiProblems(InsufficientPermissions)
  async check(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @Body() body: CheckPermissionRequest,
  ): Promise<CheckPermissionResponse> {
    const questions = toQuestions(body, caller.userId);
    const onlyOwn = questions.every(({ userId }) => userId === caller.userId);
    if (!onlyOwn && !asOperator && !(await this.checks.allows(scope, caller.userId, 'read', 'role'))) {
      throw new InsufficientPermissions();
    }
    const explain = body.explain === true;
    const results = [];
    for (const question of questions) {
      results.push(toDecisionResponse(await this.permissions.check(scope, question), explain));
    }
    return body.checks ? { results } : { ...results[0] };
  }

  @Get('me/permissions')
  @RequireSession()
  @ApiOperation({ operationId: 'getMyPermissions', summary: 'Your roles, and everything they permit' })
  @ApiOkResponse({ type: OwnPermissionsResponse })
  async own(
    @Caller() { scope, userId }: UserPrincipal,
    @Query() { org_id: orgId }: OwnPermissionsQuery,
  ): Promise<OwnPermissionsResponse> {
    return toOwnPermissionsResponse(await this.permissions.of(scope, userId, orgId || undefined));
  }
}
