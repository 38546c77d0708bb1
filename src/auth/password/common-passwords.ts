import { dictionary } from '@zxcvbn-ts/language-common';

let known: ReadonlySet<string> | undefined;

/** Whether a password is on the bundled list of 49,233 common ones, in any letter case (ASVS 6.2.4). Works without a network. */
export function isCommonPassword(password: string): boolean {
  known ??= new Set<string>(dictionary['passwords-common'] as string[]);
  return known.has(password.toLowerCase());
}
