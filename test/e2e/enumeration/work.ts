import { jest } from '@jest/globals';
import { Argon2PasswordHasher } from '../../../src/kernel/crypto/argon2.password-hasher.js';
import type { Answer } from '../../support/api-client.js';

/** The argon2 work a call costs: the parameters of each hash that was computed, in order. */
export async function workOf(call: () => Promise<Answer>): Promise<{ answer: Answer; work: string[] }> {
  const verify = jest.spyOn(Argon2PasswordHasher.prototype, 'verify');
  const hash = jest.spyOn(Argon2PasswordHasher.prototype, 'hash');
  const answer = await call();
  const made = await Promise.all(hash.mock.results.map(({ value }) => value as Promise<string>));
  // To make a hash and to check one of the same parameters is the same work.
  const work = [...verify.mock.calls.map(([stored]) => stored), ...made].map((one) =>
    one.split('$').slice(1, 4).join(' '),
  );
  jest.restoreAllMocks();
  return { answer, work };
}
