import { Injectable } from '@nestjs/common';
import type { Id } from '../../kernel/ids/id.js';
import { Database } from '../../kernel/persistence/database.js';
import { statement } from '../../kernel/persistence/statement.js';
import { SystemRepository } from '../../kernel/persistence/system.repository.js';

const TENANT_OF = statement(
  'invitations.tenant_of',
  `SELECT app_id AS "appId", env_id AS "envId" FROM invitations
   WHERE secret_hash = $1 AND status = 'pending' AND expires_at > $2`,
);
/** Uses no index, and need not: it runs once a day. */
const PURGE = statement('invitations.purge', 'DELETE FROM invitations WHERE coalesce(answered_at, expires_at) <= $1');

/** Who holds the link of an invitation names nothing but its secret. */
@Injectable()
export class InvitationsSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  /** The environment of an invitation that can be answered. */
  async anyTenantOf(
    secretHash: Buffer,
    now: Date,
  ): Promise<{ readonly appId: Id<'app'>; readonly envId: Id<'environment'> } | undefined> {
    const { rows } = await this.query<{ appId: Id<'app'>; envId: Id<'environment'> }>(TENANT_OF, [secretHash, now]);
    return rows[0];
  }

  /** Deletes what was answered, or expired, until then: it holds addresses. */
  async anyTenantPurge(until: Date): Promise<number> {
    return (await this.query(PURGE, [until])).count;
  }
}
