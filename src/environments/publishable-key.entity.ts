import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { Id } from '../kernel/ids/id.js';

/** Names an app and an environment to the public. Not a credential: it is meant to be in client code. */
@Entity('publishable_keys')
@Unique('publishable_keys_key_key', ['key'])
@Index('publishable_keys_app_id_env_id_idx', ['appId', 'envId'])
export class PublishableKeyEntity {
  @PrimaryColumn('text') id: Id<'publishable_key'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column('text') key: string;
  @Column({ type: 'timestamptz', name: 'retired_at', nullable: true }) retiredAt: Date | null;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
}
