import { Injectable } from '@nestjs/common';
import type { AuditEntryEntity } from '../kernel/audit/audit-entry.entity.js';
import { AuditRepository } from '../kernel/audit/audit.repository.js';
import type { AppScope, EnvScope } from '../kernel/context/scope.js';
import { defineProblem } from '../kernel/errors/problem.js';
import type { Id } from '../kernel/ids/id.js';
import { Cursors, type Page, type PageRequest } from '../kernel/persistence/page.js';
import { type AuditFilter, AuditLogRepository } from './audit-log.repository.js';

export const AuditEntryNotFound = defineProblem({
  code: 'audit_entry_not_found',
  kind: 'not_found',
  title: 'No such audit entry',
  detail: 'audit entry not found, or gone with the end of its retention',
});

const EXPORTED_AT_ONCE = 1_000;

/** Who did what: for operators of an app, and for each person about themselves. */
@Injectable()
export class AuditLogService {
  constructor(
    private readonly log: AuditLogRepository,
    private readonly trail: AuditRepository,
    private readonly cursors: Cursors,
  ) {}

  /** Newest first. @throws MalformedCursor */
  async list(scope: AppScope, filter: AuditFilter, { limit, cursor }: PageRequest): Promise<Page<AuditEntryEntity>> {
    const list = `audit/${scope.appId}/${JSON.stringify(filter)}`;
    const before = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    return this.cursors.page(list, limit, await this.log.page(scope, filter, before, limit + 1), ({ id }) => id);
  }

  /** @throws AuditEntryNotFound */
  async get(scope: AppScope, id: Id<'audit_entry'>): Promise<AuditEntryEntity> {
    const entry = await this.log.find(scope, id);
    if (entry === undefined) throw new AuditEntryNotFound();
    return entry;
  }

  /** All of them, a thousand at a time. */
  async *everything(scope: AppScope, filter: AuditFilter): AsyncGenerator<AuditEntryEntity> {
    let before = '';
    for (;;) {
      const some = await this.log.page(scope, filter, before, EXPORTED_AT_ONCE);
      yield* some;
      const last = some.at(-1);
      if (last === undefined || some.length < EXPORTED_AT_ONCE) return;
      before = last.id;
    }
  }

  /** What a person did and what was done to their account, newest first. @throws MalformedCursor */
  async ofPerson(scope: EnvScope, id: Id<'user'>, { limit, cursor }: PageRequest): Promise<Page<AuditEntryEntity>> {
    const list = `security_events/${scope.envId}/${id}`;
    const before = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    const rows = await this.trail.pageOfPerson(scope, id, before, limit + 1);
    return this.cursors.page(list, limit, rows, (entry) => entry.id);
  }
}
