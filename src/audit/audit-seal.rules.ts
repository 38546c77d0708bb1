import { createHmac } from 'node:crypto';
import { canonicalJson } from '../kernel/crypto/canonical-json.js';
import { equalInConstantTime } from '../kernel/crypto/token.js';
import { personalMac } from '../kernel/audit/personal-mac.js';
import type { AuditSealEntity } from './audit-seal.entity.js';

/** An entry with everything that is sealed. */
export interface SealableEntry {
  readonly id: string;
  readonly appId: string;
  readonly envId: string | null;
  readonly occurredAt: Date;
  readonly action: string;
  readonly outcome: string;
  readonly actorKind: string;
  readonly actorId: string | null;
  readonly sessionId: string | null;
  readonly targetType: string | null;
  readonly targetId: string | null;
  readonly requestId: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly personal: Readonly<Record<string, unknown>>;
  readonly personalMac: Buffer | null;
}

export const SEAL_PURPOSE = 'audit-seal';
export const ENTRY_MAC_BYTES = 16;
/** What stands before an app's first seal. */
export const NO_SEAL = Buffer.alloc(32);

export function entryMac(key: Buffer, entry: SealableEntry): Buffer {
  const content = {
    id: entry.id,
    appId: entry.appId,
    envId: entry.envId,
    occurredAt: entry.occurredAt.toISOString(),
    action: entry.action,
    outcome: entry.outcome,
    actorKind: entry.actorKind,
    actorId: entry.actorId,
    sessionId: entry.sessionId,
    targetType: entry.targetType,
    targetId: entry.targetId,
    requestId: entry.requestId,
    metadata: entry.metadata,
    // Not the personal part itself, which may be erased.
    personal: entry.personalMac?.toString('hex') ?? null,
  };
  return createHmac('sha256', key).update(canonicalJson(content)).digest().subarray(0, ENTRY_MAC_BYTES);
}

export type SealContent = Omit<AuditSealEntity, 'mac'>;

/** Covers the link before, so that none can be changed, left out or put in without changing all that follow. */
export function sealMac(key: Buffer, seal: SealContent): Buffer {
  const { appId, number, entryIds, entryTimes, entryMacs, previousMac, sealedAt, keyId } = seal;
  return createHmac('sha256', key)
    .update(canonicalJson({ appId, number, entryIds, keyId, sealedAt: sealedAt.toISOString() }))
    .update(canonicalJson(entryTimes.map((time) => time.toISOString())))
    .update(entryMacs)
    .update(previousMac)
    .digest();
}

export function pruningMac(key: Buffer, prunedBefore: Date, prunedAt: Date): Buffer {
  return createHmac('sha256', key).update(`pruned ${prunedBefore.toISOString()} ${prunedAt.toISOString()}`).digest();
}

/** Whether an entry is what was sealed. Its personal part may have been erased since, but not changed. */
export function isUnaltered(
  entry: SealableEntry,
  sealed: Buffer,
  key: Buffer,
  personalKeys: readonly Buffer[],
): boolean {
  if (!equalInConstantTime(entryMac(key, entry), sealed)) return false;
  if (Object.keys(entry.personal).length === 0 || entry.personalMac === null) return true;
  const kept = entry.personalMac;
  return personalKeys.some((one) => equalInConstantTime(personalMac(one, entry.id, entry.personal), kept));
}
