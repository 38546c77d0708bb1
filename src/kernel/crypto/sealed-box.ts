import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { KeyRing } from './key-ring.js';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const PURPOSE = 'sealed-box';

/** A value could not be opened: wrong key, changed bytes, or moved from the place it was sealed for. */
export class SealBroken extends Error {
  constructor(cause?: unknown) {
    super('a sealed value could not be opened', { cause });
  }
}

/**
 * Authenticated encryption for values the service must read again (AES-256-GCM, NIST SP 800-38D).
 * Layout: length of key id (1 byte), key id, IV (12), tag (16), ciphertext. `place` names table, column, tenant and row and is
 * authenticated with the value, so a value copied to another row or tenant does not open (R310).
 */
@Injectable()
export class SealedBox {
  constructor(private readonly keys: KeyRing) {}

  seal(plain: Buffer | string, place: string): Buffer {
    const keyId = Buffer.from(this.keys.activeId);
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.keys.deriveActive(PURPOSE), iv);
    cipher.setAAD(Buffer.from(place));
    const body = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([Buffer.from([keyId.length]), keyId, iv, cipher.getAuthTag(), body]);
  }

  /** @throws SealBroken */
  open(sealed: Buffer, place: string): Buffer {
    const idEnd = 1 + (sealed[0] ?? 0);
    const key = this.keys.derive(PURPOSE, sealed.toString('utf8', 1, idEnd));
    if (key === undefined || sealed.length < idEnd + IV_BYTES + TAG_BYTES) throw new SealBroken();
    const tagStart = idEnd + IV_BYTES;
    try {
      const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(idEnd, tagStart), { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(place));
      decipher.setAuthTag(sealed.subarray(tagStart, tagStart + TAG_BYTES));
      return Buffer.concat([decipher.update(sealed.subarray(tagStart + TAG_BYTES)), decipher.final()]);
    } catch (error) {
      throw new SealBroken(error);
    }
  }
}
