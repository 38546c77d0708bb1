import { Injectable } from '@nestjs/common';
import type { SubjectKey } from '../../billing-bridge/ledger.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { columnsOf } from '../../kernel/persistence/columns.js';
import { Database } from '../../kernel/persistence/database.js';
import { EnvScopedRepository } from '../../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../../kernel/persistence/statement.js';
import { CouponTaken } from '../billing.problems.js';
import { CouponEntity } from './coupon.entity.js';

export type NewCoupon = Omit<CouponEntity, 'appId' | 'envId' | 'timesRedeemed' | 'createdAt' | 'amount'> & {
  readonly amount: number;
};

const COLUMNS = columnsOf(CouponEntity);

const PAGE = envStatement(
  'billing_coupons.page',
  `SELECT ${COLUMNS} FROM billing_coupons WHERE app_id = $1 AND env_id = $2 AND ($3 = '' OR id < $3) ORDER BY id DESC LIMIT $4`,
);
const COUNT = envStatement(
  'billing_coupons.count',
  `SELECT count(*)::integer AS total FROM (SELECT FROM billing_coupons WHERE app_id = $1 AND env_id = $2 LIMIT 10000) c`,
);
/** The counter guards the number of redemptions, whoever redeems at the same moment. */
const REDEEM = envStatement(
  'billing_coupons.redeem',
  `UPDATE billing_coupons SET times_redeemed = times_redeemed + 1
   WHERE app_id = $1 AND env_id = $2 AND voucher = $3 AND (max_redemptions = 0 OR times_redeemed < max_redemptions)
     AND (valid_from IS NULL OR valid_from <= $5) AND (valid_until IS NULL OR valid_until > $5) AND (type = 'percentage' OR currency = $4)
   RETURNING ${COLUMNS}`,
);
/** Once per subject. */
const NOTE = envStatement(
  'billing_coupon_redemptions.note',
  `INSERT INTO billing_coupon_redemptions (app_id, env_id, coupon_id, subject_key, redeemed_at) VALUES ($1, $2, $3, $4, $5)
   ON CONFLICT DO NOTHING`,
);

@Injectable()
export class CouponsRepository extends EnvScopedRepository<CouponEntity> {
  constructor(database: Database) {
    super(database, CouponEntity, { billing_coupons_app_id_env_id_voucher_key: () => new CouponTaken() });
  }

  /** @throws CouponTaken */
  insert(scope: EnvScope, coupon: NewCoupon, now: Date): Promise<CouponEntity> {
    return this.insertIn(scope, { ...coupon, amount: String(coupon.amount), timesRedeemed: 0, createdAt: now });
  }

  find(scope: EnvScope, id: Id<'coupon'>): Promise<CouponEntity | null> {
    return this.findOneIn(scope, { id });
  }

  findByVoucher(scope: EnvScope, voucher: string): Promise<CouponEntity | null> {
    return this.findOneIn(scope, { voucher });
  }

  /** Newest first, older than `before` (empty: from the newest), with the number of all, up to 10,000. */
  async page(
    scope: EnvScope,
    before: string,
    limit: number,
  ): Promise<{ readonly rows: CouponEntity[]; readonly total: number }> {
    const { rows } = await this.queryIn<CouponEntity>(scope, PAGE, [before, limit]);
    const counted = await this.queryIn<{ total: number }>(scope, COUNT);
    return { rows, total: counted.rows[0]?.total ?? 0 };
  }

  /** @returns undefined when it cannot be redeemed now, or not by this subject. */
  async redeem(
    scope: EnvScope,
    voucher: string,
    currency: string,
    key: SubjectKey,
    now: Date,
  ): Promise<CouponEntity | undefined> {
    const [coupon] = (await this.queryIn<CouponEntity>(scope, REDEEM, [voucher, currency, now])).rows;
    if (coupon === undefined) return undefined;
    const { count } = await this.queryIn(scope, NOTE, [coupon.id, key, now]);
    return count === 1 ? coupon : undefined;
  }

  delete(scope: EnvScope, id: Id<'coupon'>): Promise<number> {
    return this.deleteIn(scope, { id });
  }
}
