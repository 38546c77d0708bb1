import { flatMetadata, type Mapping, parsed, textOf } from './source-user.js';

/** Keycloak: the users of a realm export. */
export const fromKeycloak: Mapping = (document) => ({
  email: document.email,
  emailVerified: document.emailVerified,
  username: document.username === document.email ? undefined : document.username,
  firstName: document.firstName,
  lastName: document.lastName,
  externalId: document.id,
  metadata: flatMetadata(firstValues(document.attributes)),
  passwordHash: hashOf(document.credentials),
  banned: document.enabled === false,
  createdAt: document.createdTimestamp,
});

/** Attributes are lists; most have one value. */
function firstValues(attributes: unknown): unknown {
  if (typeof attributes !== 'object' || attributes === null) return undefined;
  return Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => [
      key,
      Array.isArray(value) && value.length === 1 ? value[0] : value,
    ]),
  );
}

interface Credential {
  readonly type?: unknown;
  readonly secretData?: unknown;
  readonly credentialData?: unknown;
}

interface HashData {
  readonly value?: unknown;
  readonly salt?: unknown;
  readonly algorithm?: unknown;
  readonly hashIterations?: unknown;
  readonly additionalParameters?: Readonly<Record<string, readonly unknown[] | undefined>>;
}

function hashOf(credentials: unknown): string | undefined {
  if (!Array.isArray(credentials)) return undefined;
  const password = (credentials as readonly Credential[]).find(({ type }) => type === 'password');
  if (password === undefined) return undefined;
  const secret = (parsed(textOf(password.secretData) ?? '') ?? {}) as HashData;
  const how = (parsed(textOf(password.credentialData) ?? '') ?? {}) as HashData;
  const [value, salt] = [unpadded(secret.value), unpadded(secret.salt)];
  const algorithm = String(how.algorithm);
  const rounds = String(how.hashIterations);
  if (algorithm === 'argon2') {
    const first = (name: string): string => String(how.additionalParameters?.[name]?.[0]);
    return `$argon2${first('type')}$v=19$m=${first('memory')},t=${rounds},p=${first('parallelism')}$${salt}$${value}`;
  }
  const digest = algorithm === 'pbkdf2' ? 'pbkdf2-sha1' : algorithm;
  return `$${digest}$i=${rounds}$${salt}$${value}`;
}

function unpadded(base64: unknown): string {
  return (textOf(base64) ?? '').replace(/=+$/, '');
}
