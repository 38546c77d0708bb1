import { verify } from '@node-rs/bcrypt';
import { PasswordHasher } from './password-hasher.js';

const MODULAR_CRYPT = /^\$2[abxy]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
/** Cost 15 takes about two seconds of a core; higher costs in a stored hash are refused unread (R012). */
const HIGHEST_COST = 15;
/** bcrypt ignores what follows the 72nd byte: such a password could be matched by its beginning alone (R003). */
const LONGEST_PASSWORD_BYTES = 72;

/** Reads bcrypt hashes of accounts that come from elsewhere. It never writes: sign-in upgrades them. */
export class BcryptPasswordHasher extends PasswordHasher {
  override readonly name = 'bcrypt (read only)';

  override hash(): Promise<string> {
    return Promise.reject(new Error('bcrypt hashes are read, never written'));
  }

  override async verify(stored: string, password: string): Promise<boolean> {
    if (!this.reads(stored) || !isWhole(password)) return false;
    return verify(password, stored);
  }

  override reads(stored: string): boolean {
    const match = MODULAR_CRYPT.exec(stored);
    return match !== null && Number(match[1]) <= HIGHEST_COST;
  }

  override isOutdated(): boolean {
    return true;
  }
}

/** Whether bcrypt looks at all of it. It repeats the password up to 72 bytes, NUL-terminated: `a` and `a\0a` are one to it. */
function isWhole(password: string): boolean {
  return Buffer.byteLength(password) <= LONGEST_PASSWORD_BYTES && !password.includes('\0');
}
