import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../kernel/clock/clock.js';
import type { AppScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { JobRunner } from '../kernel/jobs/job-runner.js';
import { startOf } from './stats.rules.js';
import type { StatMetric } from './stat-counter.entity.js';
import { type CounterRow, StatsRepository } from './stats.repository.js';
import { StatsSystemRepository } from './stats.system-repository.js';

export interface EnvironmentStats {
  readonly envId: Id<'environment'>;
  readonly users: number;
  readonly activeUsers: { readonly day: number; readonly week: number; readonly month: number };
  /** Of today, UTC. */
  readonly signUps: number;
  readonly signIns: number;
  readonly signInFailures: number;
}

const DAY_MS = 86_400_000;
/** A month, and time enough for facts that come late. */
const ACTIVE_KEPT_MS = 45 * DAY_MS;

/** Reads the rollups. They follow the facts by a moment. */
@Injectable()
export class StatsService implements OnModuleInit {
  constructor(
    private readonly stats: StatsRepository,
    private readonly anyTenant: StatsSystemRepository,
    private readonly runner: JobRunner,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.runner.every({
      name: 'active_users.purge',
      everyMs: DAY_MS,
      run: () => this.anyTenant.anyTenantForgetActive(startOf('day', this.clock.in(-ACTIVE_KEPT_MS))),
    });
  }

  /** What holds now, per environment that has anything to show. @param envId undefined: every environment. */
  async current(scope: AppScope, envId: Id<'environment'> | undefined): Promise<EnvironmentStats[]> {
    const now = this.clock.now();
    const [day, week, month] = [startOf('day', now), startOf('week', now), startOf('month', now)];
    const metrics = ['sign_ups', 'sign_ins', 'sign_in_failures', 'active_day', 'active_week', 'active_month'] as const;
    const from = week < month ? week : month;
    const rows = await this.stats.between(scope, envId, metrics, from, day);
    const totals = new Map((await this.stats.totals(scope, envId)).map((total) => [total.envId, total.users]));
    const valueOf = (of: Id<'environment'>, metric: StatMetric, on: string): number =>
      rows.find((row) => row.envId === of && row.metric === metric && row.day === on)?.value ?? 0;
    return [...new Set([...totals.keys(), ...rows.map((row) => row.envId)])].sort().map((of) => ({
      envId: of,
      users: totals.get(of) ?? 0,
      activeUsers: {
        day: valueOf(of, 'active_day', day),
        week: valueOf(of, 'active_week', week),
        month: valueOf(of, 'active_month', month),
      },
      signUps: valueOf(of, 'sign_ups', day),
      signIns: valueOf(of, 'sign_ins', day),
      signInFailures: valueOf(of, 'sign_in_failures', day),
    }));
  }

  /** What happened over time. @param from @param to ISO dates, both included. */
  series(
    scope: AppScope,
    envId: Id<'environment'> | undefined,
    metrics: readonly StatMetric[],
    from: string,
    to: string,
  ): Promise<CounterRow[]> {
    return this.stats.between(scope, envId, metrics, from, to);
  }
}
