import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { Database } from '../../kernel/persistence/database.js';
import { EnvScopedRepository } from '../../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../../kernel/persistence/statement.js';
import type { ChargedSpan } from '../invoices/invoice-lines.js';
import type { Period } from '../periods.js';
import { SpanEntity } from './span.entity.js';
import type { SubscriptionEntity } from './subscription.entity.js';

const OPEN = envStatement(
  'billing_spans.open',
  `INSERT INTO billing_spans (app_id, env_id, subscription_id, starts_at, ends_at, plan_id, plan_version)
   VALUES ($1, $2, $3, $4, NULL, $5, $6)
   ON CONFLICT (app_id, env_id, subscription_id, starts_at) DO UPDATE SET ends_at = NULL, plan_id = $5, plan_version = $6`,
);
const CLOSE = envStatement(
  'billing_spans.close',
  `UPDATE billing_spans SET ends_at = greatest(starts_at, $4::timestamptz)
   WHERE app_id = $1 AND env_id = $2 AND subscription_id = $3 AND ends_at IS NULL`,
);
const WITHIN = envStatement(
  'billing_spans.within',
  `SELECT s.starts_at AS "startsAt", s.ends_at AS "endsAt", p.name AS "planName", v.base_amount::double precision AS "baseAmount"
   FROM billing_spans s
   JOIN billing_plans p ON p.app_id = s.app_id AND p.env_id = s.env_id AND p.id = s.plan_id
   JOIN billing_plan_versions v ON v.app_id = s.app_id AND v.env_id = s.env_id AND v.plan_id = s.plan_id AND v.number = s.plan_version
   WHERE s.app_id = $1 AND s.env_id = $2 AND s.subscription_id = $3 AND s.starts_at < $5 AND (s.ends_at IS NULL OR s.ends_at > $4)
   ORDER BY s.starts_at`,
);

/** When which base fee ran. */
@Injectable()
export class SpansRepository extends EnvScopedRepository<SpanEntity> {
  constructor(database: Database) {
    super(database, SpanEntity);
  }

  async open(scope: EnvScope, { id, planId, planVersion }: SubscriptionEntity, at: Date): Promise<void> {
    await this.queryIn(scope, OPEN, [id, at, planId, planVersion]);
  }

  async close(scope: EnvScope, id: Id<'subscription'>, at: Date): Promise<void> {
    await this.queryIn(scope, CLOSE, [id, at]);
  }

  async within(scope: EnvScope, id: Id<'subscription'>, { starts, ends }: Period): Promise<ChargedSpan[]> {
    return (await this.queryIn<ChargedSpan>(scope, WITHIN, [id, starts, ends])).rows;
  }
}
