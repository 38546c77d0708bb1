import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * How far a consumer has read the facts. Its place is a transaction (`tx_id`, an xid8, which the mapper does not know) and a sequence within
 * it; the row is locked while a batch is applied, so that one replica at a time works for a consumer.
 */
@Entity('event_cursors')
export class EventCursorEntity {
  @PrimaryColumn('text') consumer: string;
  @Column('bigint') sequence: string;
  /** Failures in a row of what comes next. */
  @Column('integer') failures: number;
  /** After a failure: not before then. */
  @Column({ type: 'timestamptz', name: 'retry_at', nullable: true }) retryAt: Date | null;
  @Column({ type: 'timestamptz', name: 'updated_at' }) updatedAt: Date;
}
