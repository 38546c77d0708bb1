import { Body, Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import {
  ApiBody,
  ApiExtraModels,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { Public } from '../../http/access/access.js';
import { KeepsRawBody } from '../../http/body/raw-body.js';
import { ApiProblems } from '../../http/problems/api-problems.decorator.js';
import { RateLimit } from '../../http/rate-limit/rate-limit.decorator.js';
import { ResourceNotFound, ServiceUnavailable } from '../../kernel/errors/common-problems.js';
import { KeyManagerNotAvailable } from '../../keys-bridge/keys-bridge.problems.js';
import { GithubSignatureGuard, KEY_IDENTIFIER_HEADER, SIGNATURE_HEADER } from './github-signature.guard.js';
import { LeakedTokenDto, LeakLabelResponse, LeakReportPipe, MOST_LEAKS, toLeakLabels, toLeaks } from './leaks.dto.js';
import { InvalidLeakSignature } from './leaks.problems.js';
import { LeaksService } from './leaks.service.js';

@ApiTags('API keys')
@Controller('v1/keys/leaks')
export class LeaksController {
  constructor(private readonly leaks: LeaksService) {}

  @Post('github')
  @HttpCode(200)
  @Public({ tenant: 'none' })
  @RateLimit('leakReportsPerIp')
  @KeepsRawBody()
  @UseGuards(GithubSignatureGuard)
  @ApiOperation({
    operationId: 'reportLeakedAPIKeys',
    summary: 'Report tokens that GitHub’s secret scanning has found',
    description:
      'Keys that were issued here are ended and their owners told, as `api_keys.on_leak` says. Answers 404 unless AUTHSOME_KEYS_LEAKS_URL is set.',
  })
  @ApiHeader({ name: KEY_IDENTIFIER_HEADER, required: true, description: 'Which of GitHub’s keys has signed.' })
  @ApiHeader({ name: SIGNATURE_HEADER, required: true, description: 'ECDSA over the bytes of the body, DER, base64.' })
  @ApiExtraModels(LeakedTokenDto)
  @ApiBody({ schema: { type: 'array', maxItems: MOST_LEAKS, items: { $ref: getSchemaPath(LeakedTokenDto) } } })
  @ApiOkResponse({ type: [LeakLabelResponse] })
  @ApiProblems(InvalidLeakSignature, ResourceNotFound, ServiceUnavailable, KeyManagerNotAvailable)
  async report(@Body(LeakReportPipe) tokens: LeakedTokenDto[]): Promise<LeakLabelResponse[]> {
    return toLeakLabels(tokens, await this.leaks.report(toLeaks(tokens)));
  }
}
