import { flatMetadata, type Mapping } from './source-user.js';

/** Auth0: the bulk export joined with the password hashes that its support hands out (bcrypt). */
export const fromAuth0: Mapping = (document) => ({
  email: document.email,
  emailVerified: document.email_verified,
  phone: document.phone_number,
  phoneVerified: document.phone_verified,
  username: document.username,
  firstName: document.given_name,
  lastName: document.family_name,
  name: document.name,
  image: document.picture,
  externalId: document.user_id ?? document._id,
  metadata: flatMetadata(document.user_metadata, document.app_metadata),
  passwordHash: document.passwordHash ?? document.password_hash,
  banned: document.blocked,
  createdAt: document.created_at,
});
