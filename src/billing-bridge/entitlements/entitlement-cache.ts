import { LRUCache } from 'lru-cache';
import type { Clock } from '../../kernel/clock/clock.js';
import type { Notifications } from '../../kernel/notifications/notifications.js';
import type { Entitlement, Subject } from '../ledger.js';

/**
 * Notification that what a subject may do has changed, followed by the environment and the subject's key: `entitlements:<env>/<subject>`;
 * without a subject everybody's in the environment.
 */
export const ENTITLEMENTS_CHANGED = 'entitlements:';

const MOST_REMEMBERED = 100_000;
/** Of a plan's word every change is heard of; this is for those that are not: a trial that ends, a grant that expires. */
const PLAN_MS = 30_000;
/** Usage is written by every replica and told by none, so counted answers are short-lived, the shorter the closer the limit. */
const AMPLE_MS = 1_500;
const SCARCE_MS = 250;
const SCARCE_SHARE = 0.1;

interface Remembered {
  readonly entitlement: Entitlement;
  readonly until: number;
}

/** How long an answer may be given again, in milliseconds. */
export function lifeOf({ kind, limit, remaining }: Entitlement): number {
  if (limit === undefined || limit === null || remaining === undefined || remaining === null) return PLAN_MS;
  return kind === 'metered' && remaining > limit * SCARCE_SHARE ? AMPLE_MS : SCARCE_MS;
}

/**
 * What an engine said a moment ago, in this process. While changes may go unheard, nothing is taken from memory: then every question is asked
 * anew. Keyed by environment, subject and feature, so that nobody gets somebody else's answer.
 */
export class EntitlementCache {
  readonly #answers = new LRUCache<string, Remembered>({ max: MOST_REMEMBERED });
  /** By environment and subject: the features that are remembered. */
  readonly #slots = new Map<string, Set<string>>();
  /** Counts what was dropped, so that an answer which was asked for before does not come back. */
  #round = 0;

  constructor(
    private readonly notifications: Notifications,
    private readonly clock: Clock,
  ) {
    notifications.on(ENTITLEMENTS_CHANGED, (payload) => this.drop(payload.slice(ENTITLEMENTS_CHANGED.length)));
    notifications.onReset(() => this.clear());
  }

  get round(): number {
    return this.#round;
  }

  recall(slot: string): Entitlement | undefined {
    if (!this.notifications.isLive) return undefined;
    const known = this.#answers.get(slot);
    return known !== undefined && known.until > this.clock.nowMs() ? known.entitlement : undefined;
  }

  /** @param round as it was when the question was asked. */
  keep(subject: Subject, slot: string, entitlement: Entitlement, round: number): void {
    if (round !== this.#round) return;
    this.#answers.set(slot, { entitlement, until: this.clock.nowMs() + lifeOf(entitlement) });
    const of = ownerOf(subject);
    const slots = this.#slots.get(of) ?? new Set<string>();
    slots.add(slot);
    this.#slots.set(of, slots);
    if (this.#slots.size > MOST_REMEMBERED) this.clear();
  }

  /** @param whose `<env>/<subject>`, or `<env>/` for everybody there. */
  private drop(whose: string): void {
    this.#round += 1;
    const owners = whose.endsWith('/') ? [...this.#slots.keys()].filter((owner) => owner.startsWith(whose)) : [whose];
    for (const owner of owners) {
      for (const slot of this.#slots.get(owner) ?? []) this.#answers.delete(slot);
      this.#slots.delete(owner);
    }
  }

  private clear(): void {
    this.#round += 1;
    this.#answers.clear();
    this.#slots.clear();
  }
}

const ownerOf = ({ scope, key }: Subject): string => `${scope.envId}/${key}`;
export const slotOf = ({ scope, key }: Subject, featureKey: string): string => `${scope.envId}/${key}/${featureKey}`;
