import { createHmac, randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { KeyRing } from './key-ring.js';
import { equalInConstantTime } from './token.js';

const PURPOSE = 'one-time-code';

/**
 * Six-digit codes. A million values are searched in a blink, so what is stored is an HMAC under a key that the database
 * does not hold (R308); the number of guesses is bounded by the challenge itself, not here.
 */
@Injectable()
export class OneTimeCodes {
  constructor(private readonly keys: KeyRing) {}

  draw(): string {
    return randomInt(0, 1_000_000).toString().padStart(6, '0');
  }

  /** @param place binds the code to its challenge, so that equal codes of two challenges have different MACs. */
  mac(code: string, place: string, keyId: string = this.keys.activeId): Buffer {
    const key = this.keys.derive(PURPOSE, keyId);
    return key === undefined ? Buffer.alloc(0) : createHmac('sha256', key).update(`${place}\0${code}`).digest();
  }

  matches(code: string, place: string, mac: Buffer): boolean {
    return this.keys.ids.some((id) => equalInConstantTime(this.mac(code, place, id), mac));
  }
}
