import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Clock } from '../kernel/clock/clock.js';
import { JobRunner } from '../kernel/jobs/job-runner.js';
import { SessionsSystemRepository } from './sessions.system-repository.js';
import { SigningKeys } from './signing-keys.js';

const HOUR_MS = 3_600_000;
const BATCH = 1_000;

/** Deletes sessions that ended long enough ago, and keeps the signing keys fresh. */
@Injectable()
export class SessionHousekeeping implements OnModuleInit {
  constructor(
    private readonly runner: JobRunner,
    private readonly sessions: SessionsSystemRepository,
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.runner.every({ name: 'sessions.purge', everyMs: HOUR_MS, run: () => this.purge() });
    const keysEveryMs = Math.min(HOUR_MS, Math.max(1_000, this.config.sessions.signingKeyLifetimeMs / 20));
    this.runner.every({ name: 'signing_keys.keep', everyMs: keysEveryMs, run: () => this.keepKeys() });
  }

  private async purge(): Promise<void> {
    const before = this.clock.in(-this.config.retention.endedSessionsMs);
    while ((await this.sessions.anyTenantPurge(before, BATCH)) === BATCH);
  }

  private async keepKeys(): Promise<void> {
    await this.keys.ensure();
    await this.keys.purge();
  }
}
