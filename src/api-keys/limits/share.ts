import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import type { LimitState, WindowLimit } from '../../keys-bridge/key-manager.js';
import type { LeasedWindow } from './leases.system-repository.js';
import { windowAt } from './window-rules.js';

/** No share comes to it. */
export const NEVER = -1;

/** What this replica may still let pass in a window. */
export interface Share {
  readonly window: LeasedWindow;
  readonly limit: WindowLimit;
  readonly startMs: number;
  readonly endMs: number;
  /** What this replica let pass in the window before. */
  readonly spentBefore: number;
  available: number;
  spent: number;
  /** How many are left when more are asked for; `NEVER` where that is not worth it. */
  refillAt: number;
  /** What was left for everybody when the last lease was given. */
  left: number;
  /** Whether the database has handed out any of it. */
  isLeased: boolean;
  /** This replica's part of a window that began without the database. */
  isSharedOut: boolean;
  /** What of that the database does not know yet. */
  owed: number;
  /** Nothing is to be had before. */
  deniedUntilMs: number;
  usedAtMs: number;
  leasing: Promise<void> | undefined;
  /** Given back: no longer anybody's. */
  isClosed: boolean;
}

/** @param before the share of an earlier window of the same limit. */
export function openShare(
  scope: EnvScope,
  keyId: Id<'api_key'>,
  limit: WindowLimit,
  nowMs: number,
  before: Share | undefined,
): Share {
  const { startMs, endMs } = windowAt(limit, nowMs);
  const window = {
    scope,
    keyId,
    name: limit.name,
    limit: limit.limit,
    startsAt: new Date(startMs),
    endsAt: new Date(endMs),
    previousStartsAt: new Date(startMs - (endMs - startMs)),
    weight: 0,
  };
  return {
    window,
    limit,
    startMs,
    endMs,
    spentBefore: before?.endMs === startMs ? before.spent : 0,
    available: 0,
    spent: 0,
    refillAt: NEVER,
    left: limit.limit,
    isLeased: false,
    isSharedOut: false,
    owed: 0,
    deniedUntilMs: 0,
    usedAtMs: nowMs,
    leasing: undefined,
    isClosed: false,
  };
}

export function stateOf({ limit, available, left, endMs }: Share, nowMs: number): LimitState {
  return { name: limit.name, limit: limit.limit, remaining: available + left, resetMs: endMs - nowMs };
}
