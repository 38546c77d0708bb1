import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { columnsOf } from '../../kernel/persistence/columns.js';
import { Database } from '../../kernel/persistence/database.js';
import { EnvScopedRepository } from '../../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../../kernel/persistence/statement.js';
import { MeterKeyTaken } from '../billing.problems.js';
import { MeterEntity } from './meter.entity.js';

const COLUMNS = columnsOf(MeterEntity);
const ALL = envStatement(
  'billing_meters.all',
  `SELECT ${COLUMNS} FROM billing_meters WHERE app_id = $1 AND env_id = $2 ORDER BY key LIMIT 1000`,
);

@Injectable()
export class MetersRepository extends EnvScopedRepository<MeterEntity> {
  constructor(database: Database) {
    super(database, MeterEntity, { billing_meters_app_id_env_id_key_key: () => new MeterKeyTaken() });
  }

  /** @throws MeterKeyTaken */
  insert(scope: EnvScope, meter: Omit<MeterEntity, 'appId' | 'envId'>): Promise<MeterEntity> {
    return this.insertIn(scope, meter);
  }

  find(scope: EnvScope, id: Id<'meter'>): Promise<MeterEntity | null> {
    return this.findOneIn(scope, { id });
  }

  findByKey(scope: EnvScope, key: string): Promise<MeterEntity | null> {
    return this.findOneIn(scope, { key });
  }

  async all(scope: EnvScope): Promise<MeterEntity[]> {
    return (await this.queryIn<MeterEntity>(scope, ALL)).rows;
  }

  delete(scope: EnvScope, id: Id<'meter'>): Promise<number> {
    return this.deleteIn(scope, { id });
  }
}
