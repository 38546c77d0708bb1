import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { LEDGER, type Ledger } from '../billing-bridge/ledger.js';
import { Always } from '../http/access/always.decorator.js';
import { Public } from '../http/access/access.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { Readiness } from '../http/readiness.js';
import { Clock } from '../kernel/clock/clock.js';
import { ServiceUnavailable } from '../kernel/errors/common-problems.js';
import { KEY_MANAGER, type KeyManager } from '../keys-bridge/key-manager.js';
import { DatabaseHealth } from './database-health.js';
import { HealthResponse, LiveResponse, ReadyResponse } from './dto/health.responses.js';

@ApiTags('Health')
@Controller()
export class HealthController {
  readonly #startedAt: string;

  constructor(
    private readonly readiness: Readiness,
    private readonly database: DatabaseHealth,
    @Inject(LEDGER) private readonly ledger: Ledger,
    @Inject(KEY_MANAGER) private readonly keyManager: KeyManager,
    clock: Clock,
  ) {
    this.#startedAt = clock.now().toISOString();
  }

  @Get('health/live')
  @Always()
  @Public({ tenant: 'none' })
  @ApiOperation({ operationId: 'getLiveness', summary: 'Whether the process works; never asks the database' })
  @ApiOkResponse({ type: LiveResponse })
  live(): LiveResponse {
    return { status: 'live', started_at: this.#startedAt };
  }

  @Get('health/ready')
  @Always()
  @Public({ tenant: 'none' })
  @ApiOperation({ operationId: 'getReadiness', summary: 'Whether this replica takes requests: for balancers' })
  @ApiOkResponse({ type: ReadyResponse })
  @ApiProblems(ServiceUnavailable)
  async ready(): Promise<ReadyResponse> {
    if (this.readiness.state !== 'ready') throw new ServiceUnavailable({ detail: this.readiness.reason });
    if (!(await this.database.answers())) throw new ServiceUnavailable({ detail: 'the database does not answer' });
    return { status: 'ready' };
  }

  @Get('v1/health')
  @Always()
  @Public({ tenant: 'none' })
  @ApiOperation({ operationId: 'getHealth', summary: 'Whether the service is healthy, and which bridges are in force' })
  @ApiOkResponse({ type: HealthResponse })
  @ApiServiceUnavailableResponse({ type: HealthResponse, description: 'Unhealthy, in the form that clients know.' })
  async health(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthResponse> {
    const healthy = this.readiness.isServing && (await this.database.answers());
    const bridges = { billing: this.ledger.name, keys: this.keyManager.name };
    if (healthy) return { status: 'healthy', bridges };
    reply.code(503);
    return { status: 'unhealthy', bridges, error: this.readiness.reason || 'the database does not answer' };
  }
}
