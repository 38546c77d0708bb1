import { Injectable } from '@nestjs/common';
import { PERSONAL_PURPOSE } from '../kernel/audit/personal-mac.js';
import { KeyRing } from '../kernel/crypto/key-ring.js';
import { equalInConstantTime } from '../kernel/crypto/token.js';
import type { Id } from '../kernel/ids/id.js';
import type { AuditSealEntity } from './audit-seal.entity.js';
import { ENTRY_MAC_BYTES, isUnaltered, NO_SEAL, pruningMac, SEAL_PURPOSE, sealMac } from './audit-seal.rules.js';
import { AuditSealsSystemRepository } from './audit-seals.system-repository.js';

/** What is wrong with a trail: the first thing that is. */
export interface AuditFinding {
  readonly kind: 'altered' | 'missing' | 'inserted' | 'broken_chain' | 'truncated' | 'unknown_key';
  /** The entry, or the seal. */
  readonly what: string;
}

export interface AuditVerdict {
  readonly appId: Id<'app'>;
  readonly seals: number;
  readonly entries: number;
  /** Entries that retention has removed. */
  readonly pruned: number;
  readonly finding: AuditFinding | undefined;
}

/** The newest seal of an app: written down elsewhere, it shows that the end of a chain was cut off. */
export interface AuditHead {
  readonly appId: Id<'app'>;
  readonly number: number;
  /** Hexadecimal. */
  readonly mac: string;
}

const SEALS_AT_ONCE = 50;

/** Holds the audit trail against its seals. */
@Injectable()
export class AuditVerifier {
  constructor(
    private readonly seals: AuditSealsSystemRepository,
    private readonly keys: KeyRing,
  ) {}

  apps(): Promise<Id<'app'>[]> {
    return this.seals.anyTenantApps();
  }

  async heads(): Promise<AuditHead[]> {
    const last = await this.seals.anyTenantLast(await this.apps());
    return last.map(({ appId, number, mac }) => ({ appId, number, mac: mac.toString('hex') }));
  }

  /** @param head of the app, as it was at some time: it must still be there. */
  async verify(appId: Id<'app'>, head?: Omit<AuditHead, 'appId'>): Promise<AuditVerdict> {
    const prunedBefore = await this.prunedBefore();
    const count = { seals: 0, entries: 0, pruned: 0 };
    const verdict = (finding?: AuditFinding): AuditVerdict => ({ appId, ...count, finding });
    let previous: Buffer = NO_SEAL;
    let meetsHead = head === undefined;
    for (;;) {
      const some = await this.seals.anyTenantSeals(appId, count.seals, SEALS_AT_ONCE);
      for (const seal of some) {
        const key = this.keys.derive(SEAL_PURPOSE, seal.keyId);
        if (key === undefined) return verdict({ kind: 'unknown_key', what: seal.keyId });
        const follows = seal.number === count.seals + 1 && equalInConstantTime(seal.previousMac, previous);
        if (!follows || !equalInConstantTime(sealMac(key, seal), seal.mac)) {
          return verdict({ kind: 'broken_chain', what: `seal ${count.seals + 1}` });
        }
        const { finding, found } = await this.entriesOf(seal, key, prunedBefore);
        count.entries += found;
        count.pruned += seal.entryIds.length - found;
        if (finding !== undefined) return verdict(finding);
        meetsHead ||= head?.number === seal.number && head.mac === seal.mac.toString('hex');
        previous = seal.mac;
        count.seals += 1;
      }
      if (some.length < SEALS_AT_ONCE) break;
    }
    if (!meetsHead) return verdict({ kind: 'truncated', what: `seal ${head?.number ?? ''}` });
    const unknown = await this.seals.anyTenantUnknown(appId);
    return verdict(unknown === undefined ? undefined : { kind: 'inserted', what: unknown });
  }

  private async entriesOf(
    seal: AuditSealEntity,
    key: Buffer,
    prunedBefore: Date | undefined,
  ): Promise<{ finding?: AuditFinding; found: number }> {
    const entries = await this.seals.anyTenantEntries(seal.appId, seal.entryIds);
    const known = new Map(entries.map((entry) => [entry.id, entry]));
    const personalKeys = this.keys.ids.map((id) => this.keys.derive(PERSONAL_PURPOSE, id) as Buffer);
    for (const [index, id] of seal.entryIds.entries()) {
      const entry = known.get(id);
      if (entry === undefined) {
        const time = seal.entryTimes[index];
        const mayBeGone = prunedBefore !== undefined && time !== undefined && time <= prunedBefore;
        if (!mayBeGone) return { finding: { kind: 'missing', what: id }, found: entries.length };
        continue;
      }
      const sealed = seal.entryMacs.subarray(index * ENTRY_MAC_BYTES, (index + 1) * ENTRY_MAC_BYTES);
      if (!isUnaltered(entry, sealed, key, personalKeys)) {
        return { finding: { kind: 'altered', what: id }, found: entries.length };
      }
    }
    return { found: entries.length };
  }

  /** A pruning that the service did not sign excuses nothing. */
  private async prunedBefore(): Promise<Date | undefined> {
    const last = await this.seals.anyTenantLastPruning();
    const key = last && this.keys.derive(SEAL_PURPOSE, last.keyId);
    if (last === undefined || key === undefined) return undefined;
    return equalInConstantTime(pruningMac(key, last.prunedBefore, last.prunedAt), last.mac)
      ? last.prunedBefore
      : undefined;
  }
}
