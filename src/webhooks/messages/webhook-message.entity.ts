import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Id } from '../../kernel/ids/id.js';

/** The body of a fact that somebody wants to hear of: the same bytes for every endpoint and every attempt (R227). */
@Entity('webhook_messages')
@Index('webhook_messages_subject_id_idx', ['appId', 'envId', 'subjectId'])
@Index('webhook_messages_created_at_idx', ['createdAt'])
export class WebhookMessageEntity {
  @PrimaryColumn({ type: 'text', name: 'event_id' }) eventId: Id<'event'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column({ type: 'text', name: 'subject_id' }) subjectId: string;
  @Column('text') body: string;
  @Column({ type: 'timestamptz', name: 'created_at' }) createdAt: Date;
}
