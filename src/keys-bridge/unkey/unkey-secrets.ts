import type { Clock } from '../../kernel/clock/clock.js';
import type { KeyCredits, KeyState } from '../key-manager.js';
import type { UnkeyKey } from './unkey-keys.js';
import { creditsOf, type Kept, keptOf, toMeta } from './unkey-wire.js';
import { type UnkeyClient, unavailable } from './unkey.client.js';

type Json = Readonly<Record<string, unknown>>;

/** A key as Unkey has it. */
export interface HeldSecret {
  readonly keyId: string;
  readonly data: Json;
  readonly kept: Kept;
}

/** The secrets of a key at Unkey: the one in force, and the one before. */
export class UnkeySecrets {
  constructor(
    private readonly client: UnkeyClient,
    private readonly clock: Clock,
  ) {}

  /** @returns undefined for one that was deleted there. @throws KeyProviderUnavailable */
  async read(keyId: string): Promise<HeldSecret | undefined> {
    const data = await this.client.administer('keys.getKey', { keyId });
    if (data === undefined) return undefined;
    const kept = keptOf(data);
    if (kept === undefined) throw unavailable('keys.getKey', 'what was kept with the key is gone');
    return { keyId, data, kept };
  }

  /** The one in force first; without those that were deleted at Unkey. */
  async readAll({ unkeyKeyId, previousUnkeyKeyId }: UnkeyKey): Promise<HeldSecret[]> {
    const found: HeldSecret[] = [];
    for (const keyId of [unkeyKeyId, previousUnkeyKeyId]) {
      const secret = keyId === null ? undefined : await this.read(keyId);
      if (secret !== undefined) found.push(secret);
    }
    return found;
  }

  /** @returns false when it was deleted at Unkey. */
  async update(keyId: string, changes: Json): Promise<boolean> {
    return (await this.client.administer('keys.updateKey', { keyId, ...changes })) !== undefined;
  }

  /**
   * Switches every secret on or off; one that another has replaced comes on within its grace only. The state is kept there too: who switches a revoked key on in Unkey's dashboard has not made it valid.
   */
  async setState(key: UnkeyKey, state: KeyState): Promise<void> {
    for (const secret of await this.readAll(key)) {
      const { keyId, kept } = secret;
      const enabled = state === 'active' && (kept.retired === undefined || this.isInGrace(secret));
      await this.update(keyId, { enabled, meta: toMeta({ ...kept, state }) });
    }
  }

  /** Whether a secret that was rotated out works still. */
  isInGrace({ kept }: HeldSecret): boolean {
    return kept.retired !== undefined && kept.retired.until > this.clock.nowMs();
  }
}

/** What all secrets of a key hold together: a balance that Unkey has in two parts is one. */
export function commonCredits([current, previous]: readonly HeldSecret[]): KeyCredits | null {
  const credits = current === undefined ? null : creditsOf(current.data);
  if (credits === null || previous === undefined) return credits;
  return { ...credits, remaining: credits.remaining + (creditsOf(previous.data)?.remaining ?? 0) };
}
