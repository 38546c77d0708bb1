import { domainToASCII } from 'node:url';
import type { UserEntity } from './user.entity.js';

/** Characters that are invisible or reorder text: two addresses that look alike must be one (R017). */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]/gu;
const LONGEST_EMAIL = 254;
/** No quoted local parts, lists, comments or spaces: what mailers read differently from validators (GHSA-mm7p-fcc7-pg87). */
const LOCAL_PART = /^[^\s@"(),:;<>[\]\\\p{Cc}]+(?<!\.)$/u;
/** Letters, digits, dashes and dots of any alphabet. Anything else the conversion to ASCII would read as part of a URL, and drop or decode. */
const TYPED_DOMAIN = /^[\p{L}\p{M}\p{N}.\u3002-]+$/u;
/** Not an IP address, which the conversion to ASCII makes of `127.1` and `0x7f.1`: the last label is no number. */
const DOMAIN = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*(?!\d+$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** One text for all that look alike. Normalised twice: what an invisible character kept apart may compose once it is gone. */
function fold(raw: string): string {
  return raw.normalize('NFKC').replace(INVISIBLE, '').trim().toLowerCase().normalize('NFKC');
}

/**
 * The one form in which an address is stored, compared and mailed: compatibility-normalised, lower case, without invisible characters, the
 * domain in ASCII. Computed before validation, so that no variant slips past it (GHSA-7rqj-j65f-68wh).
 * @returns undefined when the text is no address.
 */
export function canonicalEmail(raw: string): string | undefined {
  const text = fold(raw);
  const at = text.indexOf('@');
  const local = text.slice(0, at);
  const domain = domainToASCII(text.slice(at + 1));
  const valid =
    at > 0 &&
    at <= 64 &&
    LOCAL_PART.test(local) &&
    !local.startsWith('.') &&
    !local.includes('..') &&
    TYPED_DOMAIN.test(text.slice(at + 1)) &&
    DOMAIN.test(domain);
  const email = `${local}@${domain}`;
  return valid && email.length <= LONGEST_EMAIL ? email : undefined;
}

const USERNAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}_.-]{1,63}$/u;

/**
 * The form in which usernames are unique and looked up: width, case and invisible characters do not tell two people apart (R019). An `@`
 * is not allowed, so that no username looks like an address.
 * @returns undefined when the text is no username.
 */
export function canonicalUsername(raw: string): string | undefined {
  const text = fold(raw);
  return USERNAME.test(text) ? text : undefined;
}

/** A username as people see it: as typed, without what would be invisible or turn the text around it about. */
export function displayUsername(raw: string): string {
  return raw.normalize('NFKC').replace(INVISIBLE, '').trim();
}

/** A temporary ban ends by itself; the flag stays on record until it is lifted. */
export function isBanned(user: Pick<UserEntity, 'banned' | 'banExpires'>, now: Date): boolean {
  return user.banned && (user.banExpires === null || user.banExpires > now);
}

export interface FullName {
  readonly firstName: string;
  readonly lastName: string;
}

/** Fills the two parts from one name. Names are not parsed: what follows the first space is the last name. */
export function splitName(name: string): FullName {
  const [first = '', ...rest] = name.trim().split(/\s+/);
  return { firstName: first, lastName: rest.join(' ') };
}

export function joinName({ firstName, lastName }: FullName): string {
  return `${firstName} ${lastName}`.trim();
}

/** Either form of a name as clients send it; the two parts win where both are there. */
export function nameFrom(input: { name?: string; first_name?: string; last_name?: string }): FullName {
  if (input.first_name || input.last_name) {
    return { firstName: (input.first_name ?? '').trim(), lastName: (input.last_name ?? '').trim() };
  }
  return splitName(input.name ?? '');
}
