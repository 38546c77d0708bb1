import { createHmac, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { KeyRing } from '../kernel/crypto/key-ring.js';
import { equalInConstantTime } from '../kernel/crypto/token.js';

const LOCATOR_BYTES = 16;
const GENERATION_BYTES = 4;
const MAC_BYTES = 32;
const REFRESH_TOKEN = new RegExp(`^[0-9a-f]{${2 * (LOCATOR_BYTES + GENERATION_BYTES + MAC_BYTES)}}$`);
/** An opaque access token. */
export const OPAQUE_TOKEN = /^[0-9a-f]{64}$/;
/** The largest generation that four bytes hold; a session that refreshes every second lives 136 years to reach it. */
const MOST_GENERATIONS = 2 ** (8 * GENERATION_BYTES) - 1;

/** Which family a refresh token belongs to, and where in its chain. */
export interface RefreshClaim {
  readonly locator: Buffer;
  readonly generation: number;
}

/**
 * Tokens that are derived, not stored: HMAC-SHA256 under a master key over the session's random locator and the generation.
 *
 * - A repeated refresh gets the very same successor, without the successor lying in the database in clear (R063, R064).
 * - A refresh token carries its locator and generation, so any older one is recognised as a replay by arithmetic; no table of used tokens
 *   grows with every refresh (R062, R066).
 * - A database dump alone yields no token: the key is not in it (R307).
 */
@Injectable()
export class SessionTokens {
  constructor(private readonly keys: KeyRing) {}

  newLocator(): Buffer {
    return randomBytes(LOCATOR_BYTES);
  }

  get activeKeyId(): string {
    return this.keys.activeId;
  }

  /** 64 hexadecimal characters. @returns undefined when the ring no longer holds the key. */
  access(locator: Buffer, generation: number, keyId: string): string | undefined {
    return this.mac('access-token', locator, generation, keyId)?.toString('hex');
  }

  /** 104 hexadecimal characters. @returns undefined when the ring no longer holds the key. */
  refresh(locator: Buffer, generation: number, keyId: string): string | undefined {
    const mac = this.mac('refresh-token', locator, generation, keyId);
    return mac && Buffer.concat([locator, generationBytes(generation), mac]).toString('hex');
  }

  /** @returns undefined for anything that no master key of the ring has made. */
  readRefresh(token: string): RefreshClaim | undefined {
    if (!REFRESH_TOKEN.test(token)) return undefined;
    const bytes = Buffer.from(token, 'hex');
    const locator = bytes.subarray(0, LOCATOR_BYTES);
    const generation = bytes.readUInt32BE(LOCATOR_BYTES);
    const mac = bytes.subarray(LOCATOR_BYTES + GENERATION_BYTES);
    const genuine = this.keys.ids.some((keyId) => {
      const expected = this.mac('refresh-token', locator, generation, keyId);
      return expected !== undefined && equalInConstantTime(expected, mac);
    });
    return genuine ? { locator, generation } : undefined;
  }

  private mac(purpose: string, locator: Buffer, generation: number, keyId: string): Buffer | undefined {
    if (generation > MOST_GENERATIONS) return undefined;
    const key = this.keys.derive(purpose, keyId);
    return key && createHmac('sha256', key).update(locator).update(generationBytes(generation)).digest();
  }
}

function generationBytes(generation: number): Buffer {
  const bytes = Buffer.alloc(GENERATION_BYTES);
  bytes.writeUInt32BE(generation);
  return bytes;
}
