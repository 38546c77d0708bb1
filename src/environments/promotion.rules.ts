import { canonicalJson } from '../kernel/crypto/canonical-json.js';
import { createHash } from 'node:crypto';
import type { PartDocument } from './environment-parts.js';

/** One item that the target lacks, has differently, or has alone. */
export interface PlannedChange {
  readonly kind: string;
  readonly key: string;
  readonly action: 'create' | 'update' | 'delete';
  /** As the target has it. */
  readonly before?: PartDocument;
  /** As the source has it. */
  readonly after?: PartDocument;
}

/** What to make of the target so that it has what the source has. */
export interface PromotionPlan {
  /** Names this plan and the state of both sides that it was made from. */
  readonly planId: string;
  readonly changes: readonly PlannedChange[];
}

type Items = ReadonlyMap<string, PartDocument>;

/** The changes of one kind: creations and updates in the source's order, then deletions in the reverse of the target's. */
export function changesOf(kind: string, source: Items, target: Items, prune: boolean): PlannedChange[] {
  const written = [...source].flatMap(([key, after]): PlannedChange[] => {
    const before = target.get(key);
    if (before === undefined) return [{ kind, key, action: 'create', after }];
    return canonicalJson(before) === canonicalJson(after) ? [] : [{ kind, key, action: 'update', before, after }];
  });
  if (!prune) return written;
  const gone = [...target].filter(([key]) => !source.has(key)).reverse();
  return [...written, ...gone.map(([key, before]): PlannedChange => ({ kind, key, action: 'delete', before }))];
}

/** The same for equal plans between the same environments, whenever they are made; different once anything has changed. */
export function planIdOf(between: readonly string[], changes: readonly PlannedChange[]): string {
  return createHash('sha256')
    .update(canonicalJson([between, changes]))
    .digest('hex')
    .slice(0, 32);
}
