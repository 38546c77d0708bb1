import { Body, Controller, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { WeakPassword } from '../auth/password/password-policy.js';
import { PublishableKeysService } from '../environments/publishable-keys.service.js';
import { Public } from '../http/access/access.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { RateLimit } from '../http/rate-limit/rate-limit.decorator.js';
import { scopeTo } from '../kernel/context/scope.js';
import { toUserResponse } from '../users/dto/user.response.js';
import { SetupRequest, SetupResponse } from './dto/setup.dto.js';
import { SetupRefused } from './operators.problems.js';
import { OperatorsService } from './operators.service.js';

@ApiTags('Operators')
@Controller('v1/setup')
export class SetupController {
  constructor(
    private readonly operators: OperatorsService,
    private readonly keys: PublishableKeysService,
  ) {}

  @Post()
  @Public({ tenant: 'none' })
  @RateLimit('setupPerIp')
  @ApiOperation({
    operationId: 'setUp',
    summary: 'Create the first platform owner with the token of the start screen',
    description: 'Works once, while there is no platform owner.',
  })
  @ApiCreatedResponse({ type: SetupResponse })
  @ApiProblems(SetupRefused, WeakPassword)
  async setUp(@Body() { token, email, password }: SetupRequest): Promise<SetupResponse> {
    const user = await this.operators.setUp(token, { email, password });
    const keys = await this.keys.list(scopeTo.app(user.appId));
    const key = keys.find(({ envId }) => envId === user.envId)?.key ?? '';
    return { user: toUserResponse(user), publishable_key: key };
  }
}
