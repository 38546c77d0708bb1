import { isFreeMetadata, type Metadata } from '../http/validation/metadata.js';
import { isWebUrl } from '../http/validation/web-url.decorator.js';
import type { Id } from '../kernel/ids/id.js';
import type { BulkUserRow } from '../users/bulk-users.repository.js';
import { canonicalPhone } from '../users/phone-number.js';
import { canonicalEmail, canonicalUsername, displayUsername, nameFrom } from '../users/user.rules.js';
import { isSet, parsed, type SourceUser, textOf } from './mappings/source-user.js';

/** A row that can be written, or why it cannot. */
export type CheckedRow = { readonly row: BulkUserRow } | { readonly code: RowError };

export const ROW_ERRORS = {
  invalid_email: 'The address is missing or is none.',
  invalid_phone: 'The telephone number has no country code, or cannot exist.',
  invalid_username: 'The username has other than 2 to 64 letters, digits, dots, dashes or underscores.',
  invalid_metadata: 'The metadata are no object of up to 50 texts (1,024 characters), numbers or booleans.',
  invalid_time: 'The time of creation cannot be read, or lies in the future.',
  unsupported_hash: 'The password hash has a form that is not known, or would cost too much to check.',
  too_long: 'A name, a reason or an external id is too long.',
  duplicate_in_file: 'An earlier row has the same address.',
} as const;
export type RowError = keyof typeof ROW_ERRORS;

const LONGEST_NAME = 100;
const LONGEST_ID = 255;
const LONGEST_REASON = 500;

interface Surroundings {
  readonly id: Id<'user'>;
  readonly now: Date;
  /** Whether a hash can be checked at sign-in. */
  readonly readsHash: (hash: string) => boolean;
}

/** The same forms and bounds that hold for every other way in; only there is nobody to ask again. */
export function checkRow(source: SourceUser, { id, now, readsHash }: Surroundings): CheckedRow {
  const email = canonicalEmail(textOf(source.email) ?? '');
  if (email === undefined) return { code: 'invalid_email' };
  const phone = isSet(source.phone) ? canonicalPhone(String(source.phone)) : null;
  if (phone === undefined) return { code: 'invalid_phone' };
  const typed = textOf(source.username);
  const username = typed === undefined ? null : canonicalUsername(typed);
  if (username === undefined) return { code: 'invalid_username' };
  const metadata = metadataOf(source.metadata);
  if (metadata === undefined) return { code: 'invalid_metadata' };
  const createdAt = isSet(source.createdAt) ? timeOf(source.createdAt) : now;
  if (createdAt === undefined || createdAt > now) return { code: 'invalid_time' };
  const hash = textOf(source.passwordHash) ?? null;
  if (hash !== null && !readsHash(hash)) return { code: 'unsupported_hash' };
  const { firstName, lastName } = namesOf(source);
  const externalId = isSet(source.externalId) ? String(source.externalId) : null;
  const reason = textOf(source.banReason) ?? null;
  const long = [
    [firstName, LONGEST_NAME],
    [lastName, LONGEST_NAME],
    [externalId, LONGEST_ID],
    [reason, LONGEST_REASON],
  ] as const;
  if (long.some(([text, most]) => text !== null && [...text].length > most)) return { code: 'too_long' };
  const banned = isTrue(source.banned);
  return {
    row: {
      id,
      email,
      email_verified: isTrue(source.emailVerified),
      phone,
      phone_verified: phone !== null && isTrue(source.phoneVerified),
      username,
      display_username: username === null || typed === undefined ? null : displayUsername(typed),
      first_name: firstName,
      last_name: lastName,
      image: isWebUrl(source.image) ? source.image : null,
      metadata,
      external_id: externalId,
      password_hash: hash,
      banned,
      ban_reason: banned ? reason : null,
      created_at: createdAt.toISOString(),
    },
  };
}

function namesOf(source: SourceUser): { firstName: string; lastName: string } {
  const given = {
    first_name: textOf(source.firstName),
    last_name: textOf(source.lastName),
    name: textOf(source.name),
  };
  return nameFrom(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)));
}

/** A CSV can only say it as JSON. */
function metadataOf(given: unknown): Metadata | undefined {
  if (!isSet(given)) return {};
  const members = typeof given === 'string' ? parsed(given) : given;
  return isFreeMetadata(members) ? members : undefined;
}

function timeOf(given: unknown): Date | undefined {
  const text = String(given);
  const time = new Date(/^\d{9,14}$/.test(text) ? Number(text) : text);
  return Number.isNaN(time.getTime()) || time.getUTCFullYear() < 1970 ? undefined : time;
}

function isTrue(given: unknown): boolean {
  return given === true || given === 1 || (typeof given === 'string' && /^(true|t|1|yes)$/i.test(given));
}
