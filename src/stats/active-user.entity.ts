import { Entity, Index, PrimaryColumn } from 'typeorm';
import type { Id } from '../kernel/ids/id.js';

export const ACTIVE_PERIODS = ['day', 'week', 'month'] as const;
export type ActivePeriod = (typeof ACTIVE_PERIODS)[number];

/** Somebody was active in a period: there once, so that each person counts once. Kept until the period is over for good. */
@Entity('active_users')
@Index('active_users_starts_on_idx', ['startsOn'])
export class ActiveUserEntity {
  @PrimaryColumn({ type: 'text', name: 'app_id' }) appId: Id<'app'>;
  @PrimaryColumn({ type: 'text', name: 'env_id' }) envId: Id<'environment'>;
  @PrimaryColumn('text') period: ActivePeriod;
  @PrimaryColumn({ type: 'date', name: 'starts_on' }) startsOn: string;
  @PrimaryColumn({ type: 'text', name: 'user_id' }) userId: Id<'user'>;
}
