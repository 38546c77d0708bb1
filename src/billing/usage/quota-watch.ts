import { Injectable } from '@nestjs/common';
import { scopeTo } from '../../kernel/context/scope.js';
import { Events } from '../../kernel/events/events.js';
import '../billing.events.js';
import { QuotaWatchSystemRepository } from './quota-watch.system-repository.js';
import type { ChangedMeter } from './usage-ingest.system-repository.js';

/** Says once in a period that a subject has used 80 % of a limit, and once that it has used all of it. */
@Injectable()
export class QuotaWatch {
  constructor(
    private readonly repository: QuotaWatchSystemRepository,
    private readonly events: Events,
  ) {}

  /** In the transaction that changed the meters. */
  async look(changed: readonly ChangedMeter[], now: Date): Promise<void> {
    for (const mark of await this.repository.anyTenantMark(changed, now)) {
      const { appId, envId, subjectKey, featureKey, percent, used, units, periodEnds } = mark;
      const event = percent === 100 ? 'billing.quota.reached' : 'billing.quota.warning';
      await this.events.record(scopeTo.env(appId, envId), event, subjectKey, {
        subject: subjectKey,
        feature: featureKey,
        used: Number(used),
        limit: Number(units),
        resets_at: periodEnds.toISOString(),
      });
    }
  }
}
