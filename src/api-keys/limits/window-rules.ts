import type { KeyLimits, WindowLimit } from '../../keys-bridge/key-manager.js';
import type { Share } from './share.js';

const MINUTE_S = 60;
const DAY_S = 86_400;
export const DAY_WINDOW = 'day';

/** A limit of one key. */
export interface KeyWindow extends WindowLimit {
  /** Under which a replica keeps its share. */
  readonly slot: string;
  /** The share that is at hand: saves the look-up at every call. */
  share?: Share;
}

/** Every window that a key's calls count in. */
export function windowsOf(keyId: string, { perMinute, perDay, custom }: KeyLimits): KeyWindow[] {
  const windows = [
    ...(perMinute === undefined ? [] : [{ name: 'minute', limit: perMinute, seconds: MINUTE_S }]),
    ...(perDay === undefined ? [] : [{ name: DAY_WINDOW, limit: perDay, seconds: DAY_S }]),
    ...(custom ?? []),
  ];
  return windows.map((window) => ({ ...window, slot: `${keyId}/${window.name}` }));
}

/** The window that an instant falls into, counted from the epoch: a day is one of UTC. */
export function windowAt(
  { seconds }: WindowLimit,
  nowMs: number,
): { readonly startMs: number; readonly endMs: number } {
  const lengthMs = seconds * 1_000;
  const startMs = nowMs - (nowMs % lengthMs);
  return { startMs, endMs: startMs + lengthMs };
}

/**
 * The share of the window before that still counts: all of it as a window begins, none as it ends, so that nobody gets two limits' worth around
 * the turn. A day begins anew at midnight.
 */
export function weightOfPrevious(window: WindowLimit, nowMs: number): number {
  if (window.name === DAY_WINDOW) return 0;
  const { startMs, endMs } = windowAt(window, nowMs);
  return (endMs - nowMs) / (endMs - startMs);
}
