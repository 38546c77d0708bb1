/** What of a grant decides how it is used up. */
export interface BurnableGrant {
  readonly id: string;
  readonly remaining: number;
  readonly priority: number;
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
  readonly leastRollover: number;
  readonly mostRollover: number;
}

export interface BurnedGrant {
  readonly id: string;
  readonly used: number;
  readonly remaining: number;
}

const NEVER = Number.MAX_SAFE_INTEGER;

/** The order in which grants are used: priority, then who expires first, then who is older. */
export function burnOrder(a: BurnableGrant, b: BurnableGrant): number {
  return (
    a.priority - b.priority ||
    (a.expiresAt?.getTime() ?? NEVER) - (b.expiresAt?.getTime() ?? NEVER) ||
    a.createdAt.getTime() - b.createdAt.getTime() ||
    (a.id < b.id ? -1 : 1)
  );
}

/**
 * Takes units from grants, in their order.
 * @returns what became of each; whatever they could not cover is nobody's.
 */
export function burnDown(grants: readonly BurnableGrant[], units: number): BurnedGrant[] {
  let open = units;
  return [...grants].sort(burnOrder).map(({ id, remaining }) => {
    const used = Math.min(remaining, open);
    open -= used;
    return { id, used, remaining: remaining - used };
  });
}

/** What a grant begins the next period with: at least the one, at most the other (as OpenMeter counts). */
export function rolledOver({ leastRollover, mostRollover }: BurnableGrant, remaining: number): number {
  return Math.min(mostRollover, Math.max(remaining, leastRollover));
}
