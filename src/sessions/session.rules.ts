import type { SessionEntity } from './session.entity.js';

type Lifetimes = Pick<SessionEntity, 'endedAt' | 'absoluteExpiresAt' | 'lastActivityAt'>;

/** Whether a session still stands: not ended, not past its absolute life, not idle for too long. */
export function stands(session: Lifetimes, idleTtlMs: number, nowMs: number): boolean {
  return (
    session.endedAt === null &&
    session.absoluteExpiresAt.getTime() > nowMs &&
    session.lastActivityAt.getTime() + idleTtlMs > nowMs
  );
}

/** What a presented refresh token means for its family. */
export type RefreshVerdict =
  /** The current one: rotate. */
  | 'rotate'
  /** The one before, within the reuse window: a lost answer or a parallel tab gets the same successor. */
  | 'repeat'
  /** Rotated out before that: somebody else has it. */
  | 'replay'
  /** The session has ended or run out. */
  | 'over';

export function judgeRefresh(
  session: SessionEntity,
  presentedGeneration: number,
  { idleTtlMs, reuseWindowMs, rotates }: { idleTtlMs: number; reuseWindowMs: number; rotates: boolean },
  nowMs: number,
): RefreshVerdict {
  const behind = session.refreshGeneration - presentedGeneration;
  const withinWindow = nowMs < session.rotatedAt.getTime() + reuseWindowMs;
  if (behind > 1 || (behind === 1 && !withinWindow)) return 'replay';
  const over = !stands(session, idleTtlMs, nowMs) || session.refreshTokenExpiresAt.getTime() <= nowMs;
  // A generation that was never issued cannot carry a valid MAC, unless the row was restored from an older backup.
  if (over || behind < 0) return 'over';
  // A token that is not rotated is presented again and again; parallel tabs must not end each other's access token.
  const justRefreshed = !rotates && session.accessGeneration > 0 && withinWindow;
  return behind === 0 && !justRefreshed ? 'rotate' : 'repeat';
}
