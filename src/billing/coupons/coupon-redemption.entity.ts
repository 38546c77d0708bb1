import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { SubjectKey } from '../../billing-bridge/ledger.js';
import type { Id } from '../../kernel/ids/id.js';

/** That a subject has used a coupon: once. */
@Entity('billing_coupon_redemptions')
export class CouponRedemptionEntity {
  @PrimaryColumn({ type: 'text', name: 'app_id' }) appId: Id<'app'>;
  @PrimaryColumn({ type: 'text', name: 'env_id' }) envId: Id<'environment'>;
  @PrimaryColumn({ type: 'text', name: 'coupon_id' }) couponId: Id<'coupon'>;
  @PrimaryColumn({ type: 'text', name: 'subject_key' }) subjectKey: SubjectKey;
  @Column({ type: 'timestamptz', name: 'redeemed_at' }) redeemedAt: Date;
}
