import { Injectable } from '@nestjs/common';
import { type Usage, UsageRefused } from '../../billing-bridge/ledger.js';
import { Clock } from '../../kernel/clock/clock.js';
import { Database } from '../../kernel/persistence/database.js';
import { QuotaWatch } from './quota-watch.js';
import { UsageIngestSystemRepository } from './usage-ingest.system-repository.js';
import { whyRefused } from './usage.rules.js';

/** Takes usage into the books: sums, unique values and quota events follow in the same transaction. */
@Injectable()
export class UsageIngest {
  constructor(
    private readonly repository: UsageIngestSystemRepository,
    private readonly quotas: QuotaWatch,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * @returns how many of them had not been taken before.
   * @throws UsageRefused for those that can never be taken; the others were.
   */
  async take(usages: readonly Usage[]): Promise<number> {
    const now = this.clock.now();
    const refused = usages.filter((usage) => whyRefused(usage, now) !== undefined);
    const good = refused.length === 0 ? usages : usages.filter((usage) => !refused.includes(usage));
    const taken = good.length === 0 ? 0 : await this.write(good, now);
    const [first] = refused;
    if (first === undefined) return taken;
    throw new UsageRefused(
      refused.map(({ idempotencyKey }) => idempotencyKey),
      whyRefused(first, now) as string,
    );
  }

  private write(usages: readonly Usage[], now: Date): Promise<number> {
    return this.database.transaction(async () => {
      const { taken, changed } = await this.repository.anyTenantTake(usages, now);
      if (changed.length > 0) await this.quotas.look(changed, now);
      return taken;
    });
  }
}
