import { Injectable } from '@nestjs/common';
import type { AppScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { AppScopedRepository } from '../kernel/persistence/app-scoped.repository.js';
import { columnsOf } from '../kernel/persistence/columns.js';
import { Database } from '../kernel/persistence/database.js';
import { appStatement } from '../kernel/persistence/statement.js';
import { ServiceAccountEntity } from './service-account.entity.js';
import { ServiceAccountNameTaken } from './service-accounts.problems.js';

/** What is absent stays; null clears. */
export interface ServiceAccountChanges {
  readonly name?: string;
  readonly description?: string | null;
  readonly scopes?: string[];
  readonly active?: boolean;
}

const COLUMNS = columnsOf(ServiceAccountEntity);

const PAGE = appStatement(
  'service_accounts.page',
  `SELECT ${COLUMNS} FROM service_accounts WHERE app_id = $1 AND id > $2 ORDER BY id LIMIT $3`,
);
const COUNT = appStatement(
  'service_accounts.count',
  'SELECT count(*)::integer AS total FROM service_accounts WHERE app_id = $1',
);
const UPDATE = appStatement(
  'service_accounts.update',
  `UPDATE service_accounts SET name = coalesce($3, name), description = CASE WHEN $4 THEN $5 ELSE description END,
     scopes = coalesce($6, scopes),
     disabled_at = CASE $7::boolean WHEN true THEN NULL WHEN false THEN coalesce(disabled_at, $8) ELSE disabled_at END,
     version = version + 1, updated_at = $8
   WHERE app_id = $1 AND id = $2 AND ($9::integer IS NULL OR version = $9) RETURNING ${COLUMNS}`,
);
const DELETE = appStatement(
  'service_accounts.delete',
  'DELETE FROM service_accounts WHERE app_id = $1 AND id = $2 RETURNING id',
);

@Injectable()
export class ServiceAccountsRepository extends AppScopedRepository<ServiceAccountEntity> {
  constructor(database: Database) {
    super(database, ServiceAccountEntity, {
      service_accounts_app_id_name_key: () => new ServiceAccountNameTaken(),
    });
  }

  /** @throws ServiceAccountNameTaken */
  create(scope: AppScope, account: Omit<ServiceAccountEntity, 'appId'>): Promise<ServiceAccountEntity> {
    return this.insertIn(scope, account);
  }

  find(scope: AppScope, id: Id<'service_account'>): Promise<ServiceAccountEntity | null> {
    return this.findOneIn(scope, { id });
  }

  /** Oldest first, after `after` (empty: from the oldest), and how many the app has in all. */
  async page(
    scope: AppScope,
    after: string,
    limit: number,
  ): Promise<{ readonly rows: ServiceAccountEntity[]; readonly total: number }> {
    const { rows } = await this.queryIn<ServiceAccountEntity>(scope, PAGE, [after, limit]);
    const counted = await this.queryIn<{ total: number }>(scope, COUNT);
    return { rows, total: counted.rows[0]?.total ?? 0 };
  }

  /** @returns undefined when it is gone or `version` is not the current one. @throws ServiceAccountNameTaken */
  async update(
    scope: AppScope,
    id: Id<'service_account'>,
    { name, description, scopes, active }: ServiceAccountChanges,
    version: number | undefined,
    now: Date,
  ): Promise<ServiceAccountEntity | undefined> {
    const values = [
      id,
      name ?? null,
      description !== undefined,
      description ?? null,
      scopes ?? null,
      active ?? null,
      now,
      version ?? null,
    ];
    return (await this.queryIn<ServiceAccountEntity>(scope, UPDATE, values)).rows[0];
  }

  /** @returns whether it was there. */
  async delete(scope: AppScope, id: Id<'service_account'>): Promise<boolean> {
    return (await this.queryIn(scope, DELETE, [id])).count === 1;
  }
}
