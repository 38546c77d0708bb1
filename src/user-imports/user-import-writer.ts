import { Injectable } from '@nestjs/common';
import { type Actor, AuditTrail } from '../kernel/audit/audit-trail.js';
import { Clock } from '../kernel/clock/clock.js';
import type { EnvScope } from '../kernel/context/scope.js';
import { Passwords } from '../kernel/crypto/passwords.js';
import { Events } from '../kernel/events/events.js';
import { IdGenerator, type Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { type BulkOutcome, BulkUsersService, type ConflictPolicy } from '../users/bulk-users.service.js';
import { checkRow, type CheckedRow } from './import-row.rules.js';
import type { SourceUser } from './mappings/source-user.js';
import './user-imports.events.js';

export interface WriteOptions {
  readonly importId: Id<'user_import'>;
  readonly onConflict: ConflictPolicy;
  readonly dryRun: boolean;
  readonly actor: Actor;
}

/** Makes accounts of some rows: one fact and one audit entry for all of them. */
@Injectable()
export class UserImportWriter {
  constructor(
    private readonly users: BulkUsersService,
    private readonly passwords: Passwords,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  /** As {@link write}, all of it or nothing. */
  writeAtOnce(scope: EnvScope, users: readonly SourceUser[], options: WriteOptions): Promise<BulkOutcome[]> {
    return this.database.transaction(() => this.write(scope, users, options));
  }

  /** Part of the caller's transaction. @returns an outcome for each user, in their order. */
  async write(scope: EnvScope, users: readonly SourceUser[], options: WriteOptions): Promise<BulkOutcome[]> {
    const checked = withoutDuplicates(users.map((user) => this.check(user)));
    const rows = checked.flatMap((one) => ('row' in one ? [one.row] : []));
    const written = options.dryRun
      ? await this.users.foresee(scope, rows, options.onConflict)
      : await this.users.write(scope, rows, options.onConflict);
    if (!options.dryRun) await this.record(scope, written, options);
    let next = 0;
    return checked.map((one): BulkOutcome => {
      if ('code' in one) return { outcome: 'failed', code: one.code };
      const outcome = written[next] as BulkOutcome;
      next += 1;
      return outcome;
    });
  }

  private check(user: SourceUser): CheckedRow {
    return checkRow(user, {
      id: this.ids.next('user'),
      now: this.clock.now(),
      readsHash: (hash) => this.passwords.reads(hash),
    });
  }

  private async record(
    scope: EnvScope,
    outcomes: readonly BulkOutcome[],
    { importId, actor }: WriteOptions,
  ): Promise<void> {
    const count = (wanted: BulkOutcome['outcome']): number =>
      outcomes.filter(({ outcome }) => outcome === wanted).length;
    const [created, updated] = [count('created'), count('updated')];
    if (created + updated === 0) return;
    await this.events.record(scope, 'users.imported', importId, { import_id: importId, created, updated });
    this.audit.record(scope, {
      action: 'admin.users.import',
      actor,
      target: { type: 'user_import', id: importId },
      metadata: { created, updated },
    });
  }
}

function withoutDuplicates(checked: readonly CheckedRow[]): CheckedRow[] {
  const seen = new Set<string>();
  return checked.map((one) => {
    if ('code' in one) return one;
    if (seen.has(one.row.email)) return { code: 'duplicate_in_file' };
    seen.add(one.row.email);
    return one;
  });
}
