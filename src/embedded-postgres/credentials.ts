import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { Secret } from '../kernel/crypto/secret.js';
import { EmbeddedPostgresUnavailable } from './embedded-postgres-unavailable.js';

/** Passwords of the roles, safe to stand in a URL and in an SQL literal as they are. */
export interface Credentials {
  readonly owner: Secret;
  readonly runtime: Secret;
}

export function newCredentials(): Credentials {
  return { owner: newPassword(), runtime: newPassword() };
}

/** Writes a new file that only its owner may read. A file or link that is already there is an error, not followed. */
export async function writeSecretFile(file: string, content: string): Promise<void> {
  await writeFile(file, content, { mode: 0o600, flag: 'wx', flush: true });
}

export async function writeCredentials(file: string, { owner, runtime }: Credentials): Promise<void> {
  await writeSecretFile(file, JSON.stringify({ owner: owner.reveal(), runtime: runtime.reveal() }));
}

/** @throws EmbeddedPostgresUnavailable when the file is gone or spoilt. */
export async function readCredentials(file: string): Promise<Credentials> {
  try {
    const { owner, runtime } = JSON.parse(await readFile(file, 'utf8')) as Record<keyof Credentials, string>;
    return { owner: new Secret(owner), runtime: new Secret(runtime) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new EmbeddedPostgresUnavailable(
      `the passwords of its roles cannot be read from ${file} (${code ?? 'not JSON'})`,
      'Restore that file, or move the whole data folder away to start afresh.',
    );
  }
}

function newPassword(): Secret {
  return new Secret(randomBytes(24).toString('base64url'));
}
