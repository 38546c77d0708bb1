import { Injectable } from '@nestjs/common';
import type { TenantRecord } from '../../environments/tenant-record.js';
import { defineProblem } from '../../kernel/errors/problem.js';
import { canonicalEmail } from '../../users/user.rules.js';
import { isCommonPassword } from './common-passwords.js';

export const WeakPassword = defineProblem({
  code: 'weak_password',
  kind: 'invalid',
  title: 'The password is too weak',
  detail: 'choose another password; errors says why',
});

/** Whose password it is to be: what must not be part of it, and what their environment demands. */
export interface PasswordOwner {
  readonly email: string;
  readonly tenant: Pick<TenantRecord, 'appName' | 'passwords'>;
}

interface Weakness {
  readonly code: 'too_short' | 'common' | 'guessable';
  readonly message: string;
}

/**
 * What a new password must be: long enough and not to be guessed. No composition rules and no forced change (NIST SP 800-63B-4 §3.1.1.2,
 * ASVS 6.2.5). The upper bound of 1,024 bytes is checked with the request, before anything is computed.
 */
@Injectable()
export class PasswordPolicy {
  /** @param field where the password stands in the request. @throws WeakPassword */
  require(password: string, owner: PasswordOwner, field: string): void {
    const weakness = this.weaknessOf(password.normalize('NFKC'), owner);
    if (weakness === undefined) return;
    const message = `${field} ${weakness.message}`;
    throw new WeakPassword({ detail: message, extras: { errors: [{ path: field, code: weakness.code, message }] } });
  }

  private weaknessOf(password: string, { email, tenant }: PasswordOwner): Weakness | undefined {
    const { leastLength } = tenant.passwords;
    if ([...password].length < leastLength) {
      return { code: 'too_short', message: `must have at least ${leastLength} characters` };
    }
    const folded = password.toLowerCase();
    const [localPart] = email.split('@');
    const guessable = [email, localPart, tenant.appName.normalize('NFKC').toLowerCase()];
    if (guessable.includes(folded) || canonicalEmail(password) === email) {
      return { code: 'guessable', message: 'must not be your e-mail address or the name of the app' };
    }
    return isCommonPassword(password) ? { code: 'common', message: 'is one of the most common passwords' } : undefined;
  }
}
