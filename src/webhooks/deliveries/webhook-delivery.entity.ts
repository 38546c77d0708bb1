import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { Id } from '../../kernel/ids/id.js';

/** `waiting` for its next attempt, `delivered`, or `failed`: a dead letter, which can be sent again. */
export const DELIVERY_STATES = ['waiting', 'delivered', 'failed'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** One try, as it is kept and shown. */
export interface DeliveryAttempt {
  /** ISO time. */
  readonly at: string;
  /** Absent when no answer came. */
  readonly status?: number;
  readonly latency_ms: number;
  /** Why there is no answer. */
  readonly error?: string;
  /** The beginning of the answer. */
  readonly response?: string;
}

/** One fact on its way to one endpoint, with everything that was tried. */
@Entity('webhook_deliveries')
@Unique('webhook_deliveries_cause_key', ['appId', 'envId', 'webhookId', 'eventId', 'cause'])
@Index('webhook_deliveries_page_idx', ['appId', 'envId', 'webhookId', 'id'])
@Index('webhook_deliveries_due_idx', ['webhookId', 'nextAttemptAt'], { where: "state = 'waiting'" })
@Index('webhook_deliveries_created_at_idx', ['createdAt'])
export class WebhookDeliveryEntity {
  @PrimaryColumn('text') id: Id<'webhook_delivery'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column({ type: 'text', name: 'webhook_id', update: false }) webhookId: Id<'webhook'>;
  @Column({ type: 'text', name: 'event_id', update: false }) eventId: Id<'event'>;
  /** `event`, or the job of the replay that asked for it: a batch that is done twice queues nothing twice. */
  @Column({ type: 'text', update: false }) cause: string;
  @Column({ type: 'text', update: false }) event: string;
  @Column({ type: 'text', name: 'subject_id', update: false }) subjectId: string;
  @Column({ type: 'bigint', update: false }) sequence: string;
  @Column('text') state: DeliveryState;
  /** How often it was claimed: the claim of a worker that outlived its lease changes nothing. */
  @Column('integer') attempts: number;
  /** The attempt after which the schedule of waits began (anew). */
  @Column({ type: 'integer', name: 'schedule_start' }) scheduleStart: number;
  /** While it is being sent: when another worker may take it up. */
  @Column({ type: 'timestamptz', name: 'next_attempt_at' }) nextAttemptAt: Date;
  /** The latest, oldest first. */
  @Column({ type: 'jsonb', name: 'attempt_log' }) attemptLog: DeliveryAttempt[];
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
  @Column({ type: 'timestamptz', name: 'finished_at', nullable: true }) finishedAt: Date | null;
}
