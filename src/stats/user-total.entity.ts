import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Id } from '../kernel/ids/id.js';

/** How many users an environment has, kept up with the facts: counting a million rows takes longer than anybody waits. */
@Entity('user_totals')
export class UserTotalEntity {
  @PrimaryColumn({ type: 'text', name: 'app_id' }) appId: Id<'app'>;
  @PrimaryColumn({ type: 'text', name: 'env_id' }) envId: Id<'environment'>;
  @Column('bigint') users: string;
}
