import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';
import type { Id } from '../../kernel/ids/id.js';

export type CouponType = 'percentage' | 'amount';
export type CouponDuration = 'once' | 'forever';

/** A discount that a subject gets by its code. */
@Entity('billing_coupons')
@Unique('billing_coupons_app_id_env_id_id_key', ['appId', 'envId', 'id'])
@Unique('billing_coupons_app_id_env_id_voucher_key', ['appId', 'envId', 'voucher'])
export class CouponEntity {
  @PrimaryColumn('text') id: Id<'coupon'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  /** What people type, in upper case. */
  @Column('text') voucher: string;
  @Column('text') name: string;
  @Column('text') type: CouponType;
  @Column('integer') percentage: number;
  /** Minor units (cents) of `currency`. */
  @Column('bigint') amount: string;
  @Column('text') currency: string;
  /** Off the next invoice, or off every one. */
  @Column('text') duration: CouponDuration;
  /** 0: no limit. */
  @Column({ type: 'integer', name: 'max_redemptions' }) maxRedemptions: number;
  @Column({ type: 'integer', name: 'times_redeemed' }) timesRedeemed: number;
  @Column({ type: 'timestamptz', name: 'valid_from', nullable: true }) validFrom: Date | null;
  @Column({ type: 'timestamptz', name: 'valid_until', nullable: true }) validUntil: Date | null;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
}
