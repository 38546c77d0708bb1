import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { EnvScopedRepository } from '../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../kernel/persistence/statement.js';
import { OutboxEventEntity } from '../kernel/events/outbox-event.entity.js';

/** Of a past event only the ids stay. */
const SCRUB_OUTBOX = envStatement(
  'user_traces.scrub_outbox',
  `UPDATE outbox SET payload = jsonb_build_object('user_id', subject_id)
   WHERE app_id = $1 AND env_id = $2 AND subject_id = $3`,
);
const SCRUB_AUDIT = envStatement('user_traces.scrub_audit', 'SELECT authsome_forget_person($1, $2, $3)');

/** A person's traces in the kernel's tables. */
@Injectable()
export class UserTracesRepository extends EnvScopedRepository<OutboxEventEntity & { envId: Id<'environment'> }> {
  constructor(database: Database) {
    super(database, OutboxEventEntity);
  }

  async forget(scope: EnvScope, id: Id<'user'>): Promise<void> {
    await this.queryIn(scope, SCRUB_OUTBOX, [id]);
    await this.queryIn(scope, SCRUB_AUDIT, [id]);
  }
}
