import { Injectable } from '@nestjs/common';
import type { Entitlement, Ledger, LedgerHealth, Subject, Usage } from '../../billing-bridge/ledger.js';
import { Clock } from '../../kernel/clock/clock.js';
import { settingPlace } from '../../settings/setting-place.js';
import { SettingsReader } from '../../settings/settings-reader.js';
import { SUBSCRIPTION_REQUIRED } from '../billing-settings.js';
import { UsageIngest } from '../usage/usage-ingest.js';
import { decide, type FeatureStanding } from './decision.js';
import { EntitlementsRepository } from './entitlements.repository.js';

/** The billing engine in the service's own database: it takes usage in the transaction at hand, and answers in one query. */
@Injectable()
export class EmbeddedLedger implements Ledger {
  readonly name = 'embedded';
  readonly transactional = true;

  constructor(
    private readonly entitlements: EntitlementsRepository,
    private readonly ingest: UsageIngest,
    private readonly settings: SettingsReader,
    private readonly clock: Clock,
  ) {}

  async recordUsage(usages: readonly Usage[]): Promise<void> {
    await this.ingest.take(usages);
  }

  async checkEntitlement(subject: Subject, featureKey: string, quantity = 1): Promise<Entitlement> {
    const [entitlement] = await this.check(subject, [featureKey], quantity);
    return entitlement as Entitlement;
  }

  checkEntitlements(subject: Subject, featureKeys: readonly string[]): Promise<readonly Entitlement[]> {
    return this.check(subject, featureKeys, 1);
  }

  /** It is healthy when the database is, which the service's own health tells. */
  health(): Promise<LedgerHealth> {
    return Promise.resolve({ healthy: true });
  }

  private async check(
    { scope, key }: Subject,
    featureKeys: readonly string[],
    quantity: number,
  ): Promise<Entitlement[]> {
    const at = this.clock.now();
    const standings = await this.entitlements.standings(scope, key, featureKeys, at);
    // Asked only where it decides anything: nobody pays a second query for a subject that has a subscription.
    const subscriptionRequired =
      standings.some(isUncovered) &&
      (await this.settings.value(settingPlace.environment(scope), SUBSCRIPTION_REQUIRED));
    return standings.map((standing) => decide(standing, { quantity, at, subscriptionRequired }));
  }
}

function isUncovered({ subscription, override }: FeatureStanding): boolean {
  return subscription === null && override === null;
}
