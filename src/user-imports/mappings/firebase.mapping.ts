import { flatMetadata, type HashParameters, type Mapping, type SourceDocument, textOf } from './source-user.js';

/** Firebase: `firebase auth:export`, with the hash parameters that its console shows. */
export const fromFirebase: Mapping = (document, parameters) => ({
  email: document.email,
  emailVerified: document.emailVerified,
  phone: document.phoneNumber,
  phoneVerified: document.phoneNumber !== undefined,
  name: document.displayName,
  image: document.photoUrl,
  externalId: document.localId,
  metadata: flatMetadata(document.customAttributes),
  passwordHash: hashOf(document, parameters),
  banned: document.disabled,
  createdAt: document.createdAt,
});

function hashOf({ passwordHash, salt }: SourceDocument, parameters: HashParameters | undefined): string | undefined {
  const [digest, ownSalt] = [textOf(passwordHash), textOf(salt)];
  if (digest === undefined) return undefined;
  // Without them nobody could sign in: the row fails, and says why.
  if (ownSalt === undefined || parameters === undefined) return digest;
  const { memCost, rounds, saltSeparator, signerKey } = parameters;
  return [
    '',
    'firebase-scrypt',
    `ln=${memCost},r=${rounds}`,
    standard(ownSalt),
    saltSeparator,
    signerKey,
    standard(digest),
  ].join('$');
}

/** The export writes base64 for URLs. */
function standard(base64: string): string {
  return base64.replaceAll('-', '+').replaceAll('_', '/');
}
