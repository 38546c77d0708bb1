import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Id } from '../ids/id.js';
import type { DeferredTable } from '../persistence/deferred-writes.js';

/**
 * A fact: something that happened in a transaction that committed. `sequence` orders facts as they were written. The table's `tx_id`
 * (an xid8, which the mapper does not know) tells a reader which ones may still be joined by an older transaction.
 */
@Entity('outbox')
@Index('outbox_sequence_idx', ['sequence'], { unique: true })
@Index('outbox_subject_id_idx', ['subjectId'])
@Index('outbox_occurred_at_idx', ['occurredAt'])
export class OutboxEventEntity {
  @PrimaryColumn('text') id: Id<'event'>;
  @Column({ type: 'bigint', insert: false, update: false, generated: 'identity', generatedIdentity: 'ALWAYS' })
  sequence: string;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', nullable: true, update: false }) envId: Id<'environment'> | null;
  @Column('text') name: string;
  @Column({ type: 'text', name: 'subject_id' }) subjectId: string;
  @Column('jsonb') payload: Record<string, unknown>;
  @Column({ type: 'text', name: 'request_id', nullable: true }) requestId: string | null;
  @Column({ type: 'timestamptz', name: 'occurred_at' }) occurredAt: Date;
}

export const OUTBOX: DeferredTable = {
  name: 'outbox',
  columns: {
    id: 'text',
    app_id: 'text',
    env_id: 'text',
    name: 'text',
    subject_id: 'text',
    payload: 'jsonb',
    request_id: 'text',
    occurred_at: 'timestamptz',
  },
};
