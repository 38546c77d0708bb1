import { Injectable } from '@nestjs/common';
import { type Actor, AuditTrail } from '../../kernel/audit/audit-trail.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { Events } from '../../kernel/events/events.js';
import { IdGenerator, type Id } from '../../kernel/ids/id.js';
import { Database } from '../../kernel/persistence/database.js';
import { Cursors, type Page, type PageRequest } from '../../kernel/persistence/page.js';
import '../billing.events.js';
import { CouponNotFound } from '../billing.problems.js';
import type { CouponEntity } from './coupon.entity.js';
import { CouponsRepository, type NewCoupon } from './coupons.repository.js';

/** Discounts that subjects get by a code. */
@Injectable()
export class CouponsService {
  constructor(
    private readonly coupons: CouponsRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly cursors: Cursors,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  /** @throws CouponTaken */
  create(scope: EnvScope, input: Omit<NewCoupon, 'id'>, actor: Actor): Promise<CouponEntity> {
    return this.database.transaction(async () => {
      const coupon = await this.coupons.insert(scope, { ...input, id: this.ids.next('coupon') }, this.clock.now());
      await this.record(scope, 'billing.coupon.created', coupon.id, actor);
      return coupon;
    });
  }

  /** Newest first, with the number of all, up to 10,000. @throws MalformedCursor */
  async list(
    scope: EnvScope,
    { limit, cursor }: PageRequest,
  ): Promise<Page<CouponEntity> & { readonly total: number }> {
    const list = `coupons/${scope.envId}`;
    const before = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    const { rows, total } = await this.coupons.page(scope, before, limit + 1);
    return { ...this.cursors.page(list, limit, rows, ({ id }) => id), total };
  }

  /** Subscriptions that have it get nothing off any more. @throws CouponNotFound */
  delete(scope: EnvScope, id: Id<'coupon'>, actor: Actor): Promise<void> {
    return this.database.transaction(async () => {
      if ((await this.coupons.delete(scope, id)) === 0) throw new CouponNotFound();
      await this.record(scope, 'billing.coupon.deleted', id, actor);
    });
  }

  private async record(
    scope: EnvScope,
    event: 'billing.coupon.created' | 'billing.coupon.deleted',
    id: Id<'coupon'>,
    actor: Actor,
  ): Promise<void> {
    await this.events.record(scope, event, id, { coupon_id: id });
    this.audit.record(scope, { action: event, actor, target: { type: 'coupon', id } });
  }
}
