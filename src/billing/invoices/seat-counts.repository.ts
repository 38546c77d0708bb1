import { Injectable } from '@nestjs/common';
import type { SubjectKey } from '../../billing-bridge/ledger.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { Database } from '../../kernel/persistence/database.js';
import { EnvScopedRepository } from '../../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../../kernel/persistence/statement.js';
import { SubscriptionEntity } from '../subscriptions/subscription.entity.js';

const SEATS = envStatement(
  'billing.seats',
  `SELECT coalesce(sum(member_count), 0)::integer AS seats FROM organizations
   WHERE app_id = $1 AND env_id = $2 AND ('org:' || id = $3 OR $3 = 'app:' || app_id)`,
);

/** Seats are what the organization's members say at this moment, never a sum of events. */
@Injectable()
export class SeatCountsRepository extends EnvScopedRepository<SubscriptionEntity> {
  constructor(database: Database) {
    super(database, SubscriptionEntity);
  }

  /** Members of an organization; of the app: of all its organizations. */
  async of(scope: EnvScope, key: SubjectKey): Promise<number> {
    return (await this.queryIn<{ seats: number }>(scope, SEATS, [key])).rows[0]?.seats ?? 0;
  }
}
