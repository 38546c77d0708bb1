import { Injectable } from '@nestjs/common';
import { EntitlementDenied, QuotaExceeded } from '../../billing-bridge/entitlements/entitlement.problems.js';
import type { Subject } from '../../billing-bridge/ledger.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { IdGenerator, type Id } from '../../kernel/ids/id.js';
import { Database } from '../../kernel/persistence/database.js';
import { settingPlace } from '../../settings/setting-place.js';
import { SettingsReader } from '../../settings/settings-reader.js';
import { SUBSCRIPTION_REQUIRED } from '../billing-settings.js';
import { ReservationNotFound } from '../billing.problems.js';
import { decide } from '../entitlements/decision.js';
import { entitlementsChanged } from '../entitlements/entitlements-changed.js';
import { EntitlementsRepository } from '../entitlements/entitlements.repository.js';
import { UsageIngest } from '../usage/usage-ingest.js';
import { AllowancesRepository } from './allowances.repository.js';
import type { ReservationEntity } from './reservation.entity.js';

/**
 * Units held while something is under way, for limits that must hold to the last unit on every replica: a check only says what is so at the
 * moment, a reservation is given to one.
 */
@Injectable()
export class ReservationsService {
  constructor(
    private readonly allowances: AllowancesRepository,
    private readonly entitlements: EntitlementsRepository,
    private readonly ingest: UsageIngest,
    private readonly settings: SettingsReader,
    private readonly database: Database,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  /** @param ttlMs after which the units are free again. @throws EntitlementDenied, QuotaExceeded */
  reserve(subject: Subject, featureKey: string, quantity: number, ttlMs: number): Promise<ReservationEntity> {
    return this.database.transaction(async () => {
      const { scope, key } = subject;
      await this.entitlements.lockFeature(subject, featureKey);
      const now = this.clock.now();
      const [standing] = await this.entitlements.standings(scope, key, [featureKey], now);
      const subscriptionRequired = await this.settings.value(settingPlace.environment(scope), SUBSCRIPTION_REQUIRED);
      const decision = standing && decide(standing, { quantity, at: now, subscriptionRequired });
      if (decision?.allowed !== true) {
        const extras = { feature: featureKey, reason: decision?.reason, used: decision?.used, limit: decision?.limit };
        throw decision?.reason === 'quota_exceeded' ? new QuotaExceeded({ extras }) : new EntitlementDenied({ extras });
      }
      const row = {
        id: this.ids.next('reservation'),
        subjectKey: key,
        featureKey,
        quantity,
        expiresAt: this.clock.in(ttlMs),
      };
      const reservation = await this.allowances.hold(scope, row, now);
      entitlementsChanged(this.database, scope, key);
      return reservation;
    });
  }

  /** What was held has been used: it becomes usage, once. @throws ReservationNotFound */
  commit(scope: EnvScope, id: Id<'reservation'>): Promise<void> {
    return this.database.transaction(async () => {
      const { subjectKey, featureKey, quantity } = await this.end(scope, id);
      const usage = {
        subject: { scope, key: subjectKey },
        featureKey,
        quantity: Number(quantity),
        source: 'reservation',
        idempotencyKey: id,
        occurredAt: this.clock.now(),
        dimensions: {},
      };
      await this.ingest.take([usage]);
    });
  }

  /** What was held is not needed. @throws ReservationNotFound */
  release(scope: EnvScope, id: Id<'reservation'>): Promise<void> {
    return this.database.transaction(async () => {
      await this.end(scope, id);
    });
  }

  private async end(scope: EnvScope, id: Id<'reservation'>): Promise<ReservationEntity> {
    const ended = await this.allowances.endHold(scope, id, this.clock.now());
    if (ended === undefined) throw new ReservationNotFound();
    entitlementsChanged(this.database, scope, ended.subjectKey);
    return ended;
  }
}
