import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { type EnvScope, scopeTo } from '../kernel/context/scope.js';
import { hashToken } from '../kernel/crypto/token.js';
import type { Id } from '../kernel/ids/id.js';
import { type JobContext, JobRunner } from '../kernel/jobs/job-runner.js';
import { Jobs } from '../kernel/jobs/jobs.js';
import { RateLimits } from '../kernel/limits/rate-limits.js';
import { Database } from '../kernel/persistence/database.js';

export type MailRequestKind = 'forgot_password' | 'resend_verification' | 'account_exists';

type Answer = (scope: EnvScope, email: string) => Promise<void>;

const MOST_ATTEMPTS = 10;

/**
 * Requests for mail to an address that may or may not have an account. The request only writes down that it was made — the same for both —
 * and a job looks the account up, so neither the answer nor its timing tells (R112, R120).
 */
@Injectable()
export class MailRequests {
  constructor(
    private readonly jobs: Jobs,
    private readonly runner: JobRunner,
    private readonly limits: RateLimits,
    private readonly database: Database,
    private readonly config: Config,
  ) {}

  /** Registers what is done, later, for an address. */
  handle(kind: MailRequestKind, answer: Answer): void {
    this.runner.handle({
      kind: `auth.${kind}`,
      mostAttempts: MOST_ATTEMPTS,
      run: ({ payload, sealed }: JobContext) => {
        const scope = scopeTo.env(payload.app_id as Id<'app'>, payload.env_id as Id<'environment'>);
        return answer(scope, (sealed as { email: string }).email);
      },
    });
  }

  /** Asks for a mail. Past the limit of the address nothing is sent, and the caller is not told (R090). */
  async request(scope: EnvScope, kind: MailRequestKind, email: string): Promise<void> {
    const limit = { name: `mail_${kind}`, ...this.config.limits.mailPerAddress };
    const { allowed } = await this.limits.take(limit, hashToken(`${scope.envId}/${email}`).toString('hex'));
    if (!allowed) return;
    await this.database.transaction(async () => {
      this.jobs.enqueue({
        kind: `auth.${kind}`,
        payload: { app_id: scope.appId, env_id: scope.envId },
        sealed: { email },
      });
      return Promise.resolve();
    });
  }
}
