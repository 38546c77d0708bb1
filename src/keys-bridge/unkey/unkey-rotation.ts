import type { Clock } from '../../kernel/clock/clock.js';
import { KeyNotFound } from '../keys-bridge.problems.js';
import type { UnkeyKey } from './unkey-keys.js';
import { commonCredits, type HeldSecret, type UnkeySecrets } from './unkey-secrets.js';
import { creditsOf, toMeta, toRefill } from './unkey-wire.js';
import { type UnkeyClient, unavailable } from './unkey.client.js';

export interface NewSecret {
  readonly keyId: string;
  readonly rawKey: string;
  /** Null: the secret before is void. */
  readonly graceEndsAt: Date | null;
  /** Makes the secret before the one in force again, as well as that goes. */
  undo(): Promise<void>;
}

/**
 * A new secret in the place of another one. Unkey's reroll makes another key there, and copies what the old one has: its balance too, which is
 * divided here before anybody learns of the secret, so that both together spend no more than there was. It rounds the end of a grace up to the
 * minute and lets it outlive the key; here it ends when it was said to.
 */
export class UnkeyRotation {
  constructor(
    private readonly client: UnkeyClient,
    private readonly secrets: UnkeySecrets,
    private readonly clock: Clock,
  ) {}

  /**
   * @param fresh reads the key again.
   * @throws KeyNotFound, KeyProviderUnavailable
   */
  async run(key: UnkeyKey, graceMs: number, fresh: () => Promise<UnkeyKey | undefined>): Promise<NewSecret> {
    const all = await this.secrets.readAll(key);
    const old = all.find(({ keyId }) => keyId === key.unkeyKeyId);
    const before = all.find(({ keyId }) => keyId === key.previousUnkeyKeyId);
    if (old === undefined) throw new KeyNotFound();
    // At most two secrets: the one before the last is over. First, so that nothing has happened yet should it fail.
    if (before !== undefined) await this.stop(before);
    const graceEndsAt = this.endOf(graceMs, old);
    const nowMs = this.clock.nowMs();
    const { keyId, rawKey } = await this.reroll(old, graceEndsAt === null ? 0 : graceEndsAt.getTime() - nowMs);
    const undo = (): Promise<void> => this.undo(keyId, old, fresh);
    try {
      await this.settle(key, keyId, [old, ...(before === undefined ? [] : [before])], graceEndsAt);
    } catch (error) {
      await undo();
      throw error;
    }
    return { keyId, rawKey, graceEndsAt, undo };
  }

  /** A grace that outlived the key would be a promise nobody keeps. */
  private endOf(graceMs: number, { kept: { expiresAt } }: HeldSecret): Date | null {
    const ends = graceMs <= 0 ? null : this.clock.in(graceMs);
    if (ends === null || expiresAt === null || expiresAt > ends) return ends;
    return expiresAt.getTime() > this.clock.nowMs() ? expiresAt : null;
  }

  private async reroll({ keyId: oldId }: HeldSecret, expiration: number): Promise<{ keyId: string; rawKey: string }> {
    const call = 'keys.rerollKey';
    const made = await this.client.administer(call, { keyId: oldId, expiration });
    if (made === undefined) throw new KeyNotFound();
    const { keyId, key: rawKey } = made;
    if (typeof keyId !== 'string' || typeof rawKey !== 'string') throw unavailable(call, 'it told no key');
    return { keyId, rawKey };
  }

  private async settle(
    { state }: UnkeyKey,
    keyId: string,
    all: readonly [HeldSecret, ...HeldSecret[]],
    graceEndsAt: Date | null,
  ): Promise<void> {
    const [{ keyId: oldId, kept, data }] = all;
    const total = commonCredits(all)?.remaining;
    const parts = total === undefined ? undefined : divided(total, graceEndsAt !== null);
    const { expiresAt } = kept;
    // In full: the copy of a secret whose rotation failed half-way has its marks.
    await this.secrets.update(keyId, {
      enabled: state === 'active',
      expires: expiresAt?.getTime() ?? null,
      meta: toMeta({ ...kept, state, retired: undefined }),
      ...(parts && { credits: { remaining: parts.current } }),
    });
    const until = (graceEndsAt ?? this.clock.now()).getTime();
    await this.secrets.update(oldId, {
      ...(graceEndsAt === null ? { enabled: false } : { expires: until }),
      meta: toMeta({ ...kept, retired: { since: this.clock.nowMs(), until } }),
      // A balance that both filled up would be two.
      ...(parts && { credits: { refill: null } }),
    });
    const spent = creditsOf(data)?.remaining ?? 0;
    if (parts !== undefined && spent > parts.previous) {
      // Taken away rather than set: who spends from it at this moment has spent.
      const taken = { keyId: oldId, operation: 'decrement', value: spent - parts.previous };
      await this.client.administer('keys.updateCredits', taken);
    }
  }

  private async stop({ keyId, data }: HeldSecret): Promise<void> {
    await this.secrets.update(keyId, {
      enabled: false,
      ...(creditsOf(data) && { credits: { remaining: 0, refill: null } }),
    });
  }

  /**
   * Nobody has been told the new secret: it is void. The old one gets its end back, unless somebody else has replaced it; it is not switched on,
   * because who revokes at this moment has switched it off. The failure that led here is what the caller hears of, so none that follows is.
   */
  private async undo(
    keyId: string,
    { keyId: oldId, kept, data }: HeldSecret,
    fresh: () => Promise<UnkeyKey | undefined>,
  ): Promise<void> {
    const restore = async (): Promise<void> => {
      if ((await fresh())?.unkeyKeyId !== oldId) return;
      const refill = creditsOf(data)?.refill;
      const end = { expires: kept.expiresAt?.getTime() ?? null, meta: toMeta({ ...kept, retired: undefined }) };
      await this.secrets.update(oldId, { ...end, ...(refill && { credits: { refill: toRefill(refill) } }) });
    };
    await Promise.allSettled([this.secrets.update(keyId, { enabled: false }), restore()]);
  }
}

/** Who still calls with the old secret gets half; without a grace the new one has all. */
export function divided(total: number, isShared: boolean): { readonly current: number; readonly previous: number } {
  const previous = isShared ? Math.floor(total / 2) : 0;
  return { current: total - previous, previous };
}
