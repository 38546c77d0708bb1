import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Id } from '../ids/id.js';

/** A fact that a consumer could not take, again and again: put aside with the reason, so that it does not hold up the ones behind it. */
@Entity('parked_events')
export class ParkedEventEntity {
  @PrimaryColumn('text') consumer: string;
  @PrimaryColumn({ type: 'text', name: 'event_id' }) eventId: Id<'event'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', nullable: true, update: false }) envId: Id<'environment'> | null;
  @Column('text') reason: string;
  @Column({ type: 'timestamptz', name: 'parked_at' }) parkedAt: Date;
}
