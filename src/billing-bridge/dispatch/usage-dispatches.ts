import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock/clock.js';
import { IdGenerator } from '../../kernel/ids/id.js';
import { Database } from '../../kernel/persistence/database.js';
import type { Usage } from '../ledger.js';
import { UsageDispatchesSystemRepository } from './usage-dispatches.system-repository.js';

/** Heard by the replica that queued usage, once that is committed. */
export const USAGE_QUEUED = 'usage:queued';

/** Queues usage for an engine elsewhere, in the transaction at hand. The same key of the same source waits once. */
@Injectable()
export class UsageDispatches {
  constructor(
    private readonly repository: UsageDispatchesSystemRepository,
    private readonly database: Database,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  queue(provider: string, usages: readonly Usage[]): Promise<void> {
    return this.database.transaction(async () => {
      const rows = usages.map((usage) => ({ id: this.ids.next('usage_dispatch'), usage }));
      await this.repository.anyTenantQueue(provider, rows, this.clock.now());
      this.database.whisper(USAGE_QUEUED);
    });
  }
}
