import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { base64Bytes, type Derivation, digestBytes, ForeignPasswordHasher } from './foreign.password-hasher.js';

const derive = promisify(pbkdf2);

/** PHC and passlib: `$pbkdf2-sha256$i=27500$salt$digest`, `$pbkdf2-sha256$29000$salt$digest`. */
const PHC = /^\$pbkdf2-(sha1|sha256|sha512)\$(?:i=)?(\d{1,8})(?:,l=\d{1,3})?\$([^$]+)\$([^$]+)$/;
/** Django: the salt is taken as text. */
const DJANGO = /^pbkdf2_(sha1|sha256|sha512)\$(\d{1,8})\$([^$]{1,128})\$([^$]+)$/;
/** About a second of a core. */
const MOST_ITERATIONS = 2_000_000;

/** PBKDF2 (RFC 8018), as Keycloak, Django, passlib and ASP.NET make it. */
export class Pbkdf2PasswordHasher extends ForeignPasswordHasher {
  override readonly name = 'PBKDF2 (read only)';

  protected override parse(stored: string): Derivation | undefined {
    const [, algorithm = '', rounds = '', salt = '', digest = ''] = PHC.exec(stored) ?? DJANGO.exec(stored) ?? [];
    const iterations = Number(rounds);
    const saltBytes = stored.startsWith('$') ? base64Bytes(salt) : Buffer.from(salt);
    const expected = digestBytes(digest);
    if (algorithm === '' || saltBytes === undefined || expected === undefined) return undefined;
    if (iterations < 1 || iterations > MOST_ITERATIONS) return undefined;
    return {
      expected,
      derive: (password) => derive(password, saltBytes, iterations, expected.length, algorithm),
    };
  }
}
