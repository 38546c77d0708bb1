import { Injectable } from '@nestjs/common';
import type { SubjectKey } from '../../billing-bridge/ledger.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { columnsOf } from '../../kernel/persistence/columns.js';
import { Database } from '../../kernel/persistence/database.js';
import { EnvScopedRepository } from '../../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../../kernel/persistence/statement.js';
import { OverrideEntity } from './override.entity.js';
import { ReservationEntity } from './reservation.entity.js';

const O_COLUMNS = columnsOf(OverrideEntity);
const R_COLUMNS = columnsOf(ReservationEntity);

const SET_OVERRIDE = envStatement(
  'billing_overrides.set',
  `INSERT INTO billing_overrides (app_id, env_id, subject_key, feature_key, units, expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
   ON CONFLICT (app_id, env_id, subject_key, feature_key) DO UPDATE SET units = $5, expires_at = $6, created_at = $7
   RETURNING ${O_COLUMNS}`,
);
const REMOVE_OVERRIDE = envStatement(
  'billing_overrides.remove',
  'DELETE FROM billing_overrides WHERE app_id = $1 AND env_id = $2 AND subject_key = $3 AND feature_key = $4',
);
const RESET = envStatement(
  'billing_resets.set',
  `INSERT INTO billing_resets (app_id, env_id, subject_key, feature_key, period_start, baseline, reset_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
   ON CONFLICT (app_id, env_id, subject_key, feature_key, period_start) DO UPDATE SET baseline = $6, reset_at = $7`,
);
const FORGET_MARKS = envStatement(
  'billing_quota_marks.forget',
  `DELETE FROM billing_quota_marks WHERE app_id = $1 AND env_id = $2 AND subject_key = $3 AND feature_key = $4 AND period_start = $5`,
);
const HOLD = envStatement(
  'billing_reservations.hold',
  `INSERT INTO billing_reservations (app_id, env_id, id, subject_key, feature_key, quantity, expires_at, created_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING ${R_COLUMNS}`,
);
/** Guarded: of two who end a reservation one does. */
const END = envStatement(
  'billing_reservations.end',
  `DELETE FROM billing_reservations WHERE app_id = $1 AND env_id = $2 AND id = $3 AND expires_at > $4 RETURNING ${R_COLUMNS}`,
);

/** Overrides, resets and reservations: what a subject has beside its plan. */
@Injectable()
export class AllowancesRepository extends EnvScopedRepository<ReservationEntity> {
  constructor(database: Database) {
    super(database, ReservationEntity);
  }

  async setOverride(
    scope: EnvScope,
    key: SubjectKey,
    featureKey: string,
    units: number | null,
    expiresAt: Date | null,
    now: Date,
  ): Promise<OverrideEntity> {
    const values = [key, featureKey, units, expiresAt, now];
    return (await this.queryIn<OverrideEntity>(scope, SET_OVERRIDE, values)).rows[0] as OverrideEntity;
  }

  async removeOverride(scope: EnvScope, key: SubjectKey, featureKey: string): Promise<boolean> {
    return (await this.queryIn(scope, REMOVE_OVERRIDE, [key, featureKey])).count === 1;
  }

  /** Limits of the period count what is used beyond `baseline`; reaching them is said again. */
  async reset(
    scope: EnvScope,
    key: SubjectKey,
    featureKey: string,
    periodStarts: Date,
    baseline: number,
    now: Date,
  ): Promise<void> {
    await this.queryIn(scope, RESET, [key, featureKey, periodStarts, baseline, now]);
    await this.queryIn(scope, FORGET_MARKS, [key, featureKey, periodStarts]);
  }

  async hold(
    scope: EnvScope,
    r: Pick<ReservationEntity, 'id' | 'subjectKey' | 'featureKey' | 'expiresAt'> & { readonly quantity: number },
    now: Date,
  ): Promise<ReservationEntity> {
    const values = [r.id, r.subjectKey, r.featureKey, r.quantity, r.expiresAt, now];
    return (await this.queryIn<ReservationEntity>(scope, HOLD, values)).rows[0] as ReservationEntity;
  }

  /** @returns undefined when it has expired, or somebody else ended it. */
  async endHold(scope: EnvScope, id: Id<'reservation'>, now: Date): Promise<ReservationEntity | undefined> {
    return (await this.queryIn<ReservationEntity>(scope, END, [id, now])).rows[0];
  }
}
