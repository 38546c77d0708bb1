import { createCipheriv, scrypt, type ScryptOptions } from 'node:crypto';
import { base64Bytes, type Derivation, digestBytes, ForeignPasswordHasher } from './foreign.password-hasher.js';

/** PHC: `$scrypt$ln=14,r=16,p=1$salt$digest`. */
const PHC = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([^$]+)\$([^$]+)$/;
/** Ours, for what Firebase exports: `$firebase-scrypt$ln=14,r=8$salt$separator$signer key$digest`. */
const FIREBASE = /^\$firebase-scrypt\$ln=(\d{1,2}),r=(\d{1,2})\$([^$]+)\$([^$]+)\$([^$]+)\$([^$]+)$/;

const MOST_MEMORY_BYTES = 64 * 2 ** 20;
const MOST_LANES = 4;
const FIREBASE_KEY_BYTES = 32;
const NO_COUNTER = Buffer.alloc(16);

interface Cost {
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

/** scrypt (RFC 7914), and Firebase's use of it: the derived key encrypts a key of the project. */
export class ScryptPasswordHasher extends ForeignPasswordHasher {
  override readonly name = 'scrypt (read only)';

  protected override parse(stored: string): Derivation | undefined {
    return parsePhc(stored) ?? parseFirebase(stored);
  }
}

function parsePhc(stored: string): Derivation | undefined {
  const [, ln = '', r = '', p = '', salt = '', digest = ''] = PHC.exec(stored) ?? [];
  const options = optionsOf({ ln: Number(ln), r: Number(r), p: Number(p) });
  const [saltBytes, expected] = [base64Bytes(salt), digestBytes(digest)];
  if (options === undefined || saltBytes === undefined || expected === undefined) return undefined;
  return { expected, derive: (password) => derive(password, saltBytes, expected.length, options) };
}

function parseFirebase(stored: string): Derivation | undefined {
  const [, ln = '', r = '', ...parts] = FIREBASE.exec(stored) ?? [];
  const options = optionsOf({ ln: Number(ln), r: Number(r), p: 1 });
  const [salt, separator, signerKey, expected] = parts.map((part) => base64Bytes(part));
  if (!options || !salt || !separator || !signerKey || !expected || expected.length !== signerKey.length) {
    return undefined;
  }
  const saltBytes = Buffer.concat([salt, separator]);
  return {
    expected,
    derive: async (password) => {
      const key = await derive(password, saltBytes, FIREBASE_KEY_BYTES, options);
      return createCipheriv('aes-256-ctr', key, NO_COUNTER).update(signerKey);
    },
  };
}

/** @returns undefined for a cost that is no cost, or more memory than a sign-in may take. */
function optionsOf({ ln, r, p }: Cost): ScryptOptions | undefined {
  const memory = 128 * 2 ** ln * r;
  if (ln < 1 || r < 1 || p < 1 || p > MOST_LANES || memory > MOST_MEMORY_BYTES) return undefined;
  return { N: 2 ** ln, r, p, maxmem: 2 * MOST_MEMORY_BYTES };
}

function derive(password: string, salt: Buffer, length: number, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, length, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}
