import { hkdfSync } from 'node:crypto';
import { Secret } from './secret.js';

export const MASTER_KEY_BYTES = 32;

/**
 * The master keys, newest first. The first one writes; all of them read, so a key can be replaced while the service runs:
 * prepend the new one everywhere, let old values be rewritten or run out, then remove the old one.
 */
export class KeyRing {
  readonly #keys = new Map<string, Buffer>();
  readonly #derived = new Map<string, Buffer>();
  readonly activeId: string;

  /** @param keys pairs of key id and 32 secret bytes, newest first; at least one. */
  constructor(keys: readonly (readonly [id: string, bytes: Buffer])[]) {
    const first = keys[0];
    if (first === undefined) throw new Error('a key ring needs at least one key');
    for (const [id, bytes] of keys) {
      if (bytes.length !== MASTER_KEY_BYTES) throw new Error(`master key ${id} must have ${MASTER_KEY_BYTES} bytes`);
      this.#keys.set(id, bytes);
    }
    this.activeId = first[0];
  }

  get ids(): string[] {
    return [...this.#keys.keys()];
  }

  /**
   * A key for one purpose only (HKDF-SHA256, RFC 5869), so that a value made for one purpose is never valid for another.
   * @returns undefined when the ring no longer holds `id`.
   */
  derive(purpose: string, id: string = this.activeId): Buffer | undefined {
    const slot = `${id}/${purpose}`;
    let key = this.#derived.get(slot);
    if (key === undefined) {
      const master = this.#keys.get(id);
      if (master === undefined) return undefined;
      key = Buffer.from(hkdfSync('sha256', master, 'authsome', purpose, 32));
      this.#derived.set(slot, key);
    }
    return key;
  }

  /** The purpose key of the active master key. */
  deriveActive(purpose: string): Buffer {
    return this.derive(purpose) as Buffer;
  }

  /** Parses `id:base64,id:base64` (newest first). @throws Error that says what is wrong, without the secret. */
  static parse(text: Secret): KeyRing {
    const keys = text
      .reveal()
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '')
      .map((entry): [string, Buffer] => {
        const colon = entry.indexOf(':');
        const id = entry.slice(0, colon);
        if (colon < 1 || !/^[a-z0-9_-]{1,16}$/i.test(id)) {
          throw new Error('write each key as <id>:<base64 of 32 bytes>, ids of up to 16 letters, digits, - or _');
        }
        const bytes = Buffer.from(entry.slice(colon + 1), 'base64');
        if (bytes.length !== MASTER_KEY_BYTES) {
          throw new Error(
            `key ${id} must be the base64 of exactly ${MASTER_KEY_BYTES} bytes (openssl rand -base64 32)`,
          );
        }
        return [id, bytes];
      });
    if (new Set(keys.map(([id]) => id)).size !== keys.length) throw new Error('key ids must differ');
    return new KeyRing(keys);
  }
}
