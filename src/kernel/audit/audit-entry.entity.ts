import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Id } from '../ids/id.js';
import type { DeferredTable } from '../persistence/deferred-writes.js';

/**
 * Who did what, when, from where, with what outcome (ASVS 16.2.1). Append-only for the service's database role (R304).
 * `personal` is the only column that holds personal data; erasing a person empties it and leaves the ids (R296).
 */
@Entity('audit_entries')
@Index('audit_entries_actor_id_idx', ['appId', 'envId', 'actorId', 'id'])
@Index('audit_entries_target_id_idx', ['appId', 'envId', 'targetId', 'id'])
@Index('audit_entries_app_id_id_idx', ['appId', 'id'])
export class AuditEntryEntity {
  @PrimaryColumn('text') id: Id<'audit_entry'>;
  @PrimaryColumn({ type: 'timestamptz', name: 'occurred_at' }) occurredAt: Date;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', nullable: true, update: false }) envId: Id<'environment'> | null;
  @Column('text') action: string;
  @Column('text') outcome: 'success' | 'failure';
  @Column({ type: 'text', name: 'actor_kind' }) actorKind: string;
  @Column({ type: 'text', name: 'actor_id', nullable: true }) actorId: string | null;
  @Column({ type: 'text', name: 'session_id', nullable: true }) sessionId: Id<'session'> | null;
  @Column({ type: 'text', name: 'target_type', nullable: true }) targetType: string | null;
  @Column({ type: 'text', name: 'target_id', nullable: true }) targetId: string | null;
  @Column({ type: 'text', name: 'request_id', nullable: true }) requestId: string | null;
  @Column('jsonb') metadata: Record<string, unknown>;
  @Column('jsonb') personal: Record<string, unknown>;
  /** Of the personal part as it was written. Null in entries that are older than seals. */
  @Column({ type: 'bytea', name: 'personal_mac', nullable: true }) personalMac: Buffer | null;
}

export const AUDIT_ENTRIES: DeferredTable = {
  name: 'audit_entries',
  columns: {
    id: 'text',
    occurred_at: 'timestamptz',
    app_id: 'text',
    env_id: 'text',
    action: 'text',
    outcome: 'text',
    actor_kind: 'text',
    actor_id: 'text',
    session_id: 'text',
    target_type: 'text',
    target_id: 'text',
    request_id: 'text',
    metadata: 'jsonb',
    personal: 'jsonb',
    personal_mac: 'bytea',
  },
};
