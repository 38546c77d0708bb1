/** The forms in which a secret could lie somewhere: as it is, in hexadecimal, and in base64 at any alignment. */
export function needlesOf(secret: string): RegExp[] {
  const texts = new Set([...formsOf(Buffer.from(secret)), secret]);
  // A token in hexadecimal may also have been stored as the bytes it stands for.
  if (/^([0-9a-f]{2}){8,}$/.test(secret)) for (const form of formsOf(Buffer.from(secret, 'hex'))) texts.add(form);
  return [...texts].map((text) => {
    const literal = text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
    // Six digits are part of many a longer number.
    return /^\d{6}$/.test(text) ? new RegExp(`(?<![0-9a-z.])${literal}(?![0-9a-z])`, 'i') : new RegExp(literal, 'i');
  });
}

function formsOf(bytes: Buffer): string[] {
  return [bytes.toString('hex'), ...inBase64(bytes)];
}

/** Base64 of bytes that stand somewhere inside others: only the characters that depend on nothing but them. */
function inBase64(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const padded = Buffer.concat([Buffer.alloc(before), bytes]);
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor((padded.length * 8) / 6);
    return (['base64', 'base64url'] as const).map((alphabet) => padded.toString(alphabet).slice(from, to));
  });
}

/** @returns which of the named secrets stand in any of the texts, with where. */
export function findSecrets(
  secrets: ReadonlyMap<string, string>,
  texts: Iterable<readonly [where: string, text: string]>,
): string[] {
  const needles = [...secrets].flatMap(([name, secret]) => needlesOf(secret).map((needle) => ({ name, needle })));
  const found: string[] = [];
  for (const [where, text] of texts) {
    for (const { name, needle } of needles) {
      if (needle.test(text)) found.push(`${name} in ${where}: ${text.slice(0, 200)}`);
    }
  }
  return found;
}
