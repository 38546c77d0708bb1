import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../../kernel/clock/clock.js';
import { Events } from '../../kernel/events/events.js';
import { JobRunner, type RecurringTask } from '../../kernel/jobs/job-runner.js';
import { Database } from '../../kernel/persistence/database.js';
import '../api-keys.events.js';
import { type DueKey, KeyDeadlinesSystemRepository } from './key-deadlines.system-repository.js';

const WARNED_BEFORE_MS = 7 * 86_400_000;
const MOST_AT_ONCE = 500;

/** Tells, once each, of keys that expire within a week, and of secrets that their policy wants rotated. */
@Injectable()
export class KeyDeadlines implements RecurringTask, OnModuleInit {
  readonly name = 'api_keys.deadlines';
  readonly everyMs = 10 * 60_000;

  constructor(
    private readonly runner: JobRunner,
    private readonly keys: KeyDeadlinesSystemRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.runner.every(this);
  }

  async run(): Promise<void> {
    await this.tell('api_key.expiring', () =>
      this.keys.anyTenantExpiring(this.clock.now(), this.clock.in(WARNED_BEFORE_MS), MOST_AT_ONCE),
    );
    await this.tell('api_key.rotation_due', () => this.keys.anyTenantRotationDue(this.clock.now(), MOST_AT_ONCE));
  }

  /** The mark and the event are one transaction: nobody is told twice, and nobody is forgotten. */
  private async tell(event: 'api_key.expiring' | 'api_key.rotation_due', find: () => Promise<DueKey[]>): Promise<void> {
    let told: number;
    do {
      told = await this.database.transaction(async () => {
        const due = await find();
        for (const { scope, id, ownerKind, ownerId, at } of due) {
          const payload = { api_key_id: id, owner_kind: ownerKind, owner_id: ownerId, due_at: at.toISOString() };
          await this.events.record(scope, event, id, payload);
        }
        return due.length;
      });
    } while (told === MOST_AT_ONCE);
  }
}
