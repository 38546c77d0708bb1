import { Controller, Get, Header, Headers } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Config } from '../config/config.js';
import { Public } from '../http/access/access.js';
import { Always } from '../http/access/always.decorator.js';
import { hashToken, equalInConstantTime } from '../kernel/crypto/token.js';
import { ResourceNotFound } from '../kernel/errors/common-problems.js';
import { Metrics } from '../kernel/metrics/metrics.js';

/** Prometheus metrics on the main port: open in development, with a token in production, otherwise not there at all (R293). */
@ApiExcludeController()
@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly metrics: Metrics,
    private readonly config: Config,
  ) {}

  @Get()
  @Always()
  @Public({ tenant: 'none' })
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  read(@Headers('authorization') authorization: string | undefined): Promise<string> {
    if (!this.isAllowed(authorization)) throw new ResourceNotFound();
    return this.metrics.registry.metrics();
  }

  private isAllowed(authorization: string | undefined): boolean {
    const { token, port } = this.config.metrics;
    if (token === undefined) return !this.config.isProduction && port === undefined;
    return equalInConstantTime(hashToken(authorization ?? ''), hashToken(`Bearer ${token.reveal()}`));
  }
}
