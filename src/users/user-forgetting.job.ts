import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type EnvScope, scopeTo } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { type JobContext, type JobHandler, JobRunner } from '../kernel/jobs/job-runner.js';
import { Jobs } from '../kernel/jobs/jobs.js';
import { JobsSystemRepository } from '../kernel/jobs/jobs.system-repository.js';
import { UserTracesRepository } from './user-traces.repository.js';

/**
 * Removes what is left of an erased person outside their account: messages still waiting to be sent, the payloads of past events, and the
 * personal column of audit entries. Idempotent, so a second run does no harm (R296).
 */
@Injectable()
export class UserForgetting implements JobHandler, OnModuleInit {
  readonly kind = 'user.forget';
  readonly mostAttempts = 20;

  constructor(
    private readonly jobs: Jobs,
    private readonly runner: JobRunner,
    private readonly pending: JobsSystemRepository,
    private readonly traces: UserTracesRepository,
  ) {}

  onModuleInit(): void {
    this.runner.handle(this);
  }

  async enqueue(scope: EnvScope, id: Id<'user'>): Promise<void> {
    await this.pending.anyTenantDeleteOfSubject(id);
    this.jobs.enqueue({ kind: this.kind, payload: { app_id: scope.appId, env_id: scope.envId, user_id: id } });
  }

  async run({ payload }: JobContext): Promise<void> {
    const scope = scopeTo.env(payload.app_id as Id<'app'>, payload.env_id as Id<'environment'>);
    await this.traces.forget(scope, payload.user_id as Id<'user'>);
  }
}
