import { flatMetadata, isSet, type Mapping } from './source-user.js';

/** Supabase: rows of `auth.users`. */
export const fromSupabase: Mapping = (document) => ({
  email: document.email,
  emailVerified: isSet(document.email_confirmed_at),
  phone: plus(document.phone),
  phoneVerified: isSet(document.phone_confirmed_at),
  externalId: document.id,
  metadata: flatMetadata(document.raw_user_meta_data),
  passwordHash: document.encrypted_password,
  banned: isSet(document.banned_until) && new Date(String(document.banned_until)).getTime() > Date.UTC(2100, 0),
  createdAt: document.created_at,
});

/** Numbers are kept without their plus. */
function plus(phone: unknown): unknown {
  return typeof phone === 'string' && /^\d/.test(phone) ? `+${phone}` : phone;
}
