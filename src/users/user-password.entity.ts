import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Id } from '../kernel/ids/id.js';

/** A user's password hash, in a table of its own: no list, export or response of users can ever carry it. */
@Entity('user_passwords')
export class UserPasswordEntity {
  @PrimaryColumn({ type: 'text', name: 'user_id' }) userId: Id<'user'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column({ type: 'text', name: 'password_hash' }) passwordHash: string;
  /** Somebody signed up with the same address and another password before the address was proved. */
  @Column({ type: 'boolean' }) contested: boolean;
  @Column({ type: 'timestamptz', name: 'updated_at' }) updatedAt: Date;
}
