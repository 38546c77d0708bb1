import type { Mapping } from './source-user.js';

/** The names of this service: what its own export writes. */
export const fromAuthsome: Mapping = (document) => ({
  email: document.email,
  emailVerified: document.email_verified,
  phone: document.phone,
  phoneVerified: document.phone_verified,
  username: document.display_username ?? document.username,
  firstName: document.first_name,
  lastName: document.last_name,
  name: document.name,
  image: document.image,
  externalId: document.external_id,
  metadata: document.metadata,
  passwordHash: document.password_hash,
  banned: document.banned,
  banReason: document.ban_reason,
  createdAt: document.created_at,
});
