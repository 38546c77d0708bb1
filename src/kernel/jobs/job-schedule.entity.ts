import { Column, Entity, PrimaryColumn } from 'typeorm';

/** When a recurring task is due next. One replica moves the time on, and that one runs the task. */
@Entity('job_schedules')
export class JobScheduleEntity {
  @PrimaryColumn('text') name: string;
  @Column({ type: 'timestamptz', name: 'next_run_at' }) nextRunAt: Date;
}
