import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../kernel/clock/clock.js';
import { KeyRing } from '../kernel/crypto/key-ring.js';
import type { Id } from '../kernel/ids/id.js';
import { JobRunner, type RecurringTask } from '../kernel/jobs/job-runner.js';
import { Database } from '../kernel/persistence/database.js';
import type { AuditSealEntity } from './audit-seal.entity.js';
import { entryMac, NO_SEAL, SEAL_PURPOSE, sealMac } from './audit-seal.rules.js';
import { AuditSealsSystemRepository, type UnsealedEntry } from './audit-seals.system-repository.js';

const ENTRIES_AT_ONCE = 2_000;
/** Keeps one turn to some seconds; the next turn goes on. */
const MOST_BATCHES = 50;

/**
 * Seals audit entries into one hash chain per app, in batches and in the background: on the way of a request, a chain would make every
 * sign-in of an app wait for the one before.
 */
@Injectable()
export class AuditSealer implements RecurringTask, OnModuleInit {
  readonly name = 'audit.seal';
  readonly everyMs = 10_000;

  constructor(
    private readonly runner: JobRunner,
    private readonly seals: AuditSealsSystemRepository,
    private readonly database: Database,
    private readonly keys: KeyRing,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.runner.every(this);
  }

  async run(): Promise<void> {
    for (let batch = 0; batch < MOST_BATCHES; batch += 1) {
      if ((await this.batch()) < ENTRIES_AT_ONCE) return;
    }
  }

  /** @returns how many entries were sealed. */
  private batch(): Promise<number> {
    return this.database.transaction(async () => {
      await this.seals.anyTenantLock();
      const entries = await this.seals.anyTenantUnsealed(ENTRIES_AT_ONCE);
      const last = entries.at(-1);
      if (last === undefined) return 0;
      const byApp = new Map<Id<'app'>, UnsealedEntry[]>();
      for (const entry of entries) {
        const some = byApp.get(entry.appId);
        if (some === undefined) byApp.set(entry.appId, [entry]);
        else some.push(entry);
      }
      const before = new Map((await this.seals.anyTenantLast([...byApp.keys()])).map((seal) => [seal.appId, seal]));
      for (const [appId, some] of byApp) await this.seals.anyTenantInsert(this.seal(appId, some, before.get(appId)));
      await this.seals.anyTenantMove(last);
      return entries.length;
    });
  }

  private seal(
    appId: Id<'app'>,
    entries: readonly UnsealedEntry[],
    before: AuditSealEntity | undefined,
  ): AuditSealEntity {
    const key = this.keys.deriveActive(SEAL_PURPOSE);
    const seal = {
      appId,
      number: (before?.number ?? 0) + 1,
      entryIds: entries.map(({ id }) => id),
      entryTimes: entries.map(({ occurredAt }) => occurredAt),
      entryMacs: Buffer.concat(entries.map((entry) => entryMac(key, entry))),
      previousMac: before?.mac ?? NO_SEAL,
      keyId: this.keys.activeId,
      sealedAt: this.clock.now(),
    };
    return { ...seal, mac: sealMac(key, seal) };
  }
}
