import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Id } from '../kernel/ids/id.js';

/** A user of the platform app who administers others: every app, or the apps granted in `operator_apps`. */
@Entity('operators')
export class OperatorEntity {
  @PrimaryColumn({ type: 'text', name: 'user_id' }) userId: Id<'user'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  /** A platform owner. */
  @Column({ type: 'boolean', name: 'every_app' }) everyApp: boolean;
  @Column({ type: 'timestamptz', name: 'created_at' }) createdAt: Date;
}
