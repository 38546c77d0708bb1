import { jest } from '@jest/globals';
import { Argon2PasswordHasher } from '../../../src/kernel/crypto/argon2.password-hasher.js';
import type { Answer } from '../../support/api-client.js';

/** The argon2 work a call costs: the parameters of each hash that was computed, in order. */
export async function workOf(call: () => Promise<Answer>): Promise<{ answer: Answer; work: string[] }> {
  const verify = jest.spyOn(Argon2PasswordHasher.prototype, 'verify');
  const hash = jest.spyOn(Argon2PasswordHasher.prototype, 'hash');
  const answer = await call();
  const work = [
    ...verify.mock.calls.map(([stored]) => `verify ${stored.split('$').slice(1, 4).join(' ')}`),
    ...hash.mock.calls.map(() => 'hash'),
  ];
  jest.restoreAllMocks();
  return { answer, work };
}
