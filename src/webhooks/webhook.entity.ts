import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { Id } from '../kernel/ids/id.js';

/** Why the service switched an endpoint off by itself. */
export type DisabledReason = 'gone' | 'failing';

/** An address that wants to hear of events in one environment. */
@Entity('webhooks')
@Unique('webhooks_app_id_env_id_id_key', ['appId', 'envId', 'id'])
@Index('webhooks_listening_idx', ['envId'], { where: 'active' })
export class WebhookEntity {
  @PrimaryColumn('text') id: Id<'webhook'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column('text') url: string;
  @Column({ type: 'text', nullable: true }) description: string | null;
  /** Patterns: `user.created`, `user.*`, `*`. */
  @Column({ type: 'text', array: true }) events: string[];
  @Column('boolean') active: boolean;
  @Column({ type: 'text', name: 'disabled_reason', nullable: true }) disabledReason: DisabledReason | null;
  /** Who is written to when the endpoint is switched off. */
  @Column({ type: 'text', name: 'contact_email', nullable: true }) contactEmail: string | null;
  /** Headers of the receiver's own; their values may be credentials. */
  @Column({ type: 'bytea', name: 'headers_sealed', nullable: true }) headersSealed: Buffer | null;
  @Column({ type: 'bytea', name: 'secret_sealed' }) secretSealed: Buffer;
  /** Signs too until `overlapUntil`, so that receivers can change over without losing one delivery (R228). */
  @Column({ type: 'bytea', name: 'previous_secret_sealed', nullable: true }) previousSecretSealed: Buffer | null;
  @Column({ type: 'timestamptz', name: 'overlap_until', nullable: true }) overlapUntil: Date | null;
  /** The first failure since the last success. */
  @Column({ type: 'timestamptz', name: 'failing_since', nullable: true }) failingSince: Date | null;
  @Column('integer') version: number;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
  @Column({ type: 'timestamptz', name: 'updated_at' }) updatedAt: Date;
}
