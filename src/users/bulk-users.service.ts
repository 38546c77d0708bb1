import { Injectable } from '@nestjs/common';
import { Clock } from '../kernel/clock/clock.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { type BulkUserRow, BulkUsersRepository, type TakenIdentity } from './bulk-users.repository.js';
import { BulkUsersSystemRepository } from './bulk-users.system-repository.js';
import { USER_CHANGED } from './users.service.js';

export const CONFLICT_POLICIES = ['skip', 'update', 'fail'] as const;
/** What happens with a row whose address has an account: nothing, the profile is replaced, or the row has failed. */
export type ConflictPolicy = (typeof CONFLICT_POLICIES)[number];

export interface BulkOutcome {
  readonly outcome: 'created' | 'updated' | 'skipped' | 'failed';
  readonly userId?: Id<'user'>;
  /** Why it was skipped or has failed: the code of the problem that a single call would be answered with. */
  readonly code?: string;
}

/** Writes many accounts at once, for imports. Forms, sign-up rules and mails do not apply. */
@Injectable()
export class BulkUsersService {
  constructor(
    private readonly users: BulkUsersRepository,
    private readonly anyTenant: BulkUsersSystemRepository,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Part of the caller's transaction. @param rows no two of the same address. @returns an outcome for each row, in their order. */
  async write(scope: EnvScope, rows: readonly BulkUserRow[], policy: ConflictPolicy): Promise<BulkOutcome[]> {
    const now = this.clock.now();
    const made = rows.length === 0 ? new Set() : await this.users.insert(scope, rows, now);
    const taken = await this.takenOf(
      scope,
      rows.filter(({ id }) => !made.has(id)),
    );
    const outcomes = rows.map((row): BulkOutcome => {
      const known = taken.get(row.id);
      return known === undefined ? { outcome: 'created', userId: row.id } : conflicting(known, policy);
    });
    await this.update(
      scope,
      rows.filter((_, index) => outcomes[index]?.outcome === 'updated'),
      now,
    );
    return outcomes;
  }

  /** Worth it once, when the first of many have been written. */
  refreshStatistics(): Promise<void> {
    return this.anyTenant.anyTenantRefreshStatistics();
  }

  /** What {@link write} would come to, as far as can be told without writing. */
  async foresee(scope: EnvScope, rows: readonly BulkUserRow[], policy: ConflictPolicy): Promise<BulkOutcome[]> {
    const taken = await this.takenOf(scope, rows);
    return rows.map(({ id }) => {
      const known = taken.get(id);
      const free = known === undefined || !(known.emailTaken || known.usernameTaken || known.externalIdTaken);
      return free ? { outcome: 'created' } : conflicting(known, policy);
    });
  }

  /** For moving to another service. */
  passwordHashes(scope: EnvScope, ids: readonly Id<'user'>[]): Promise<Map<Id<'user'>, string>> {
    return this.users.passwordHashes(scope, ids);
  }

  private async takenOf(scope: EnvScope, rows: readonly BulkUserRow[]): Promise<Map<string, TakenIdentity>> {
    if (rows.length === 0) return new Map();
    return new Map((await this.users.taken(scope, rows)).map((identity) => [identity.id, identity]));
  }

  private async update(scope: EnvScope, rows: readonly BulkUserRow[], now: Date): Promise<void> {
    if (rows.length === 0) return;
    for (const id of await this.users.update(scope, rows, now)) this.database.notify(USER_CHANGED + id);
  }
}

function conflicting(taken: TakenIdentity, policy: ConflictPolicy): BulkOutcome {
  const { userId } = taken;
  // Another account's name or id cannot be taken over, whatever is to happen with accounts that are there.
  if (taken.usernameTaken) return { outcome: 'failed', code: 'username_taken' };
  if (taken.externalIdTaken) return { outcome: 'failed', code: 'external_id_taken' };
  if (policy === 'update' && userId !== null) return { outcome: 'updated', userId };
  return {
    outcome: policy === 'skip' ? 'skipped' : 'failed',
    code: 'email_taken',
    ...(userId !== null && { userId }),
  };
}
