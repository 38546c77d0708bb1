import { hash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { EnvironmentType } from '../environments/environment.entity.js';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BODY = 32;
const CHECK = 6;
/** Bytes above give no character, so that every one of the 62 is as likely as any other. */
const UNBIASED = 256 - (256 % ALPHABET.length);

export const KEY_MARKERS: Readonly<Record<EnvironmentType, string>> = {
  production: 'live',
  staging: 'stg',
  development: 'test',
};

/** For scanners: what a key looks like, whatever its brand. The last six characters are a checksum, so that a fake is told apart offline. */
export const KEY_PATTERN = /^([a-z][a-z0-9]{1,7})_(live|stg|test)_([0-9A-Za-z]{32})([0-9A-Za-z]{6})$/;
export const LONGEST_KEY = 256;

/** Keys as the Go server made them: found by their hash alone. */
const LEGACY = /^(sk_(live|test|stg)_|ask_|authsome_live_)[0-9a-f]{64}$/;

/** Draws a key of 190 random bits. */
export function drawKey(brand: string, type: EnvironmentType): string {
  const start = `${brand}_${KEY_MARKERS[type]}_${drawBody()}`;
  return start + checksum(start);
}

function drawBody(): string {
  let body = '';
  while (body.length < BODY) {
    for (const byte of randomBytes(BODY)) {
      if (byte < UNBIASED && body.length < BODY) body += ALPHABET[byte % ALPHABET.length] as string;
    }
  }
  return body;
}

/** CRC-32 of everything before it, in base62: finds a slip of the pen, and costs a forger nothing. */
function checksum(text: string): string {
  let rest = crc32(text);
  let check = '';
  for (let n = 0; n < CHECK; n += 1) {
    check = (ALPHABET[rest % ALPHABET.length] as string) + check;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return check;
}

/** What gives a text away as no key that was issued here or imported: nothing is hashed or looked up for it. Undefined: it could be one. */
export function flawOf(text: string, foreignPrefixes: readonly string[]): 'malformed' | 'bad_checksum' | undefined {
  if (text.length > LONGEST_KEY) return 'malformed';
  if (KEY_PATTERN.test(text)) return text.endsWith(checksum(text.slice(0, -CHECK))) ? undefined : 'bad_checksum';
  return isForeign(text, foreignPrefixes) ? undefined : 'malformed';
}

function isForeign(text: string, foreignPrefixes: readonly string[]): boolean {
  return LEGACY.test(text) || foreignPrefixes.some((prefix) => text.startsWith(prefix) && text.length <= LONGEST_KEY);
}

/** What a credential looks like that is a key and nothing else, sound or not. */
export function looksLikeKey(text: string, foreignPrefixes: readonly string[]): boolean {
  return KEY_PATTERN.test(text) || isForeign(text, foreignPrefixes);
}

/** What is stored of a key: a plain hash is enough for 190 random bits, and costs less than a microsecond. */
export function hashKey(rawKey: string): Buffer {
  return hash('sha256', rawKey, 'buffer');
}

/** The same, to remember it by. */
export function hashText(rawKey: string): string {
  return hash('sha256', rawKey, 'base64');
}

/** What of a key may be shown. */
export function keyStart(rawKey: string): string {
  return rawKey.slice(0, rawKey.lastIndexOf('_') + 5);
}

export function keyEnd(rawKey: string): string {
  return rawKey.slice(-4);
}

/**
 * Whether a text is an API key of this service, as far as it tells by itself: its form and its checksum, offline. For scanners of your own –
 * of commits, logs, tickets – that look for keys before somebody else does. It does not tell whether the key was ever issued or still works.
 * @param brand the one the deployment gives its keys (`AUTHSOME_KEY_BRAND`); any when absent.
 */
export function isOurKey(token: string, brand?: string): boolean {
  const [, found] = KEY_PATTERN.exec(token) ?? [];
  return found !== undefined && (brand === undefined || found === brand) && flawOf(token, []) === undefined;
}
