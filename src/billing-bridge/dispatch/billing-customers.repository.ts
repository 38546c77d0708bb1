import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock/clock.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { Database } from '../../kernel/persistence/database.js';
import { EnvScopedRepository } from '../../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../../kernel/persistence/statement.js';
import type { SubjectKey } from '../ledger.js';
import { BillingCustomerEntity } from './billing-customer.entity.js';

const SAVE = envStatement(
  'billing_customers.save',
  `INSERT INTO billing_customers (app_id, env_id, provider, subject_key, external_id, created_at) VALUES ($1, $2, $3, $4, $5, $6)
   ON CONFLICT DO NOTHING`,
);

/** What billing engines elsewhere call the subjects. */
@Injectable()
export class BillingCustomersRepository extends EnvScopedRepository<BillingCustomerEntity> {
  constructor(
    database: Database,
    private readonly clock: Clock,
  ) {
    super(database, BillingCustomerEntity);
  }

  async find(scope: EnvScope, provider: string, subjectKey: SubjectKey): Promise<string | undefined> {
    return (await this.findOneIn(scope, { provider, subjectKey }))?.externalId;
  }

  /** Of two who save at once the first counts. */
  async save(scope: EnvScope, provider: string, subjectKey: SubjectKey, externalId: string): Promise<void> {
    await this.queryIn(scope, SAVE, [provider, subjectKey, externalId, this.clock.now()]);
  }
}
