import { type Mapping, textOf } from './source-user.js';

interface Account {
  readonly providerId?: unknown;
  readonly password?: unknown;
}

/** better-auth: rows of `user`, with `password` of the credential account beside them or in `accounts`. */
export const fromBetterAuth: Mapping = (document) => ({
  email: document.email,
  emailVerified: document.emailVerified,
  phone: document.phoneNumber,
  phoneVerified: document.phoneNumberVerified,
  username: document.displayUsername ?? document.username,
  name: document.name,
  image: document.image,
  externalId: document.id,
  passwordHash: hashOf(textOf(document.password) ?? passwordOf(document.accounts)),
  banned: document.banned,
  banReason: document.banReason,
  createdAt: document.createdAt,
});

function passwordOf(accounts: unknown): string | undefined {
  if (!Array.isArray(accounts)) return undefined;
  return textOf((accounts as readonly Account[]).find(({ providerId }) => providerId === 'credential')?.password);
}

/** Its scrypt is `salt:digest` in hexadecimal, with the salt's text itself as the salt; other hashers may be plugged in. */
function hashOf(password: string | undefined): string | undefined {
  const [, salt, digest] = /^([0-9a-f]{32}):([0-9a-f]{128})$/.exec(password ?? '') ?? [];
  if (salt === undefined || digest === undefined) return password;
  const [saltText, digestText] = [Buffer.from(salt), Buffer.from(digest, 'hex')].map((bytes) =>
    bytes.toString('base64').replace(/=+$/, ''),
  );
  return `$scrypt$ln=14,r=16,p=1$${saltText}$${digestText}`;
}
