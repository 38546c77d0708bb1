import { createHmac } from 'node:crypto';
import { canonicalJson } from '../crypto/canonical-json.js';

/** The key's purpose: what an address was cannot be guessed from its digest without the key. */
export const PERSONAL_PURPOSE = 'audit-personal';

/** What stays when the personal part of an entry is erased, so that erasing is not altering. */
export function personalMac(key: Buffer, entryId: string, personal: Readonly<Record<string, unknown>>): Buffer {
  return createHmac('sha256', key)
    .update(`${entryId}\n${canonicalJson(personal)}`)
    .digest()
    .subarray(0, 16);
}
