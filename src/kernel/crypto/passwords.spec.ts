import { describe, expect, it } from '@jest/globals';
import { HashSlots } from './hash-slots.js';
import { PasswordHasher } from './password-hasher.js';
import { Passwords } from './passwords.js';

/** Keeps a ledger of what it was asked to compute. Its hashes say `<name>:<cost>:<password>`. */
class CountingHasher extends PasswordHasher {
  readonly work: string[] = [];

  constructor(
    override readonly name: string,
    private readonly cost: number,
  ) {
    super();
  }

  override hash(password: string): Promise<string> {
    this.work.push('hash');
    return Promise.resolve(`${this.name}:${this.cost}:${password}`);
  }

  override verify(stored: string, password: string): Promise<boolean> {
    const [, cost = '', ...rest] = stored.split(':');
    this.work.push(`verify ${cost}`);
    return Promise.resolve(rest.join(':') === password);
  }

  override reads(stored: string): boolean {
    return stored.startsWith(`${this.name}:`);
  }

  override isOutdated(stored: string): boolean {
    return !stored.startsWith(`${this.name}:${this.cost}:`);
  }
}

const PASSWORD = 'correct horse';

async function make(): Promise<{ passwords: Passwords; own: CountingHasher; foreign: CountingHasher }> {
  const own = new CountingHasher('own', 2);
  const foreign = new CountingHasher('foreign', 9);
  const passwords = await Passwords.create(own, [foreign], new HashSlots(2, 10));
  own.work.length = 0;
  return { passwords, own, foreign };
}

describe('Passwords', () => {
  it('checks what it hashed', async () => {
    const { passwords } = await make();
    const stored = await passwords.hash(PASSWORD);
    expect(await passwords.check(stored, PASSWORD)).toEqual({ matches: true });
    expect(await passwords.check(stored, 'wrong')).toEqual({ matches: false });
  });

  describe('R149, R150: a wrong password costs one of today’s hashes', () => {
    it.each([
      ['for an account', 'own:2:x'],
      ['for an unknown account', undefined],
      ['for an account whose hash nobody reads', 'martian:x'],
      ['for an account without a password', ''],
      ['for an account with an old, cheap hash', 'own:1:x'],
      ['for an account that came from elsewhere', 'foreign:9:x'],
    ])('%s', async (_whose, stored) => {
      const { passwords, own } = await make();
      expect(await passwords.check(stored, PASSWORD)).toEqual({ matches: false });
      expect(own.work.filter((item) => item === 'verify 2')).toHaveLength(1);
    });
  });

  it('no password matches the hash that unknown accounts are checked against', async () => {
    const { passwords } = await make();
    for (const guess of ['', 'undefined', PASSWORD])
      expect((await passwords.check(undefined, guess)).matches).toBe(false);
  });

  it('R011: the right password for an old or foreign hash comes with one of today’s, and only the right one', async () => {
    const { passwords } = await make();
    expect(await passwords.check(`own:1:${PASSWORD}`, PASSWORD)).toEqual({
      matches: true,
      upgrade: `own:2:${PASSWORD}`,
    });
    expect(await passwords.check(`foreign:9:${PASSWORD}`, PASSWORD)).toEqual({
      matches: true,
      upgrade: `own:2:${PASSWORD}`,
    });
    expect(await passwords.check(`own:1:${PASSWORD}`, 'wrong')).toEqual({ matches: false });
  });

  it('R009: one passphrase typed in NFC, NFD or full width is one passphrase', async () => {
    const { passwords } = await make();
    const stored = await passwords.hash('Ævar é ①');
    for (const form of ['NFC', 'NFD', 'NFKC', 'NFKD'] as const) {
      expect((await passwords.check(stored, 'Ævar é ①'.normalize(form))).matches).toBe(true);
    }
  });

  it('R009: a password of another system is compared as it was typed there', async () => {
    const { passwords } = await make();
    const typed = 'é①'.normalize('NFD');
    expect((await passwords.check(`foreign:9:${typed}`, typed)).matches).toBe(true);
    expect((await passwords.check(`foreign:9:${typed}`, typed.normalize('NFC'))).matches).toBe(false);
  });

  it('R008: spaces and capitals count', async () => {
    const { passwords } = await make();
    const stored = await passwords.hash(' Correct Horse ');
    for (const other of ['Correct Horse', ' correct horse ', ' Correct Horse']) {
      expect((await passwords.check(stored, other)).matches).toBe(false);
    }
  });

  it('F17: everything that is computed takes a slot', async () => {
    const own = new CountingHasher('own', 2);
    const passwords = await Passwords.create(own, [new CountingHasher('foreign', 9)], new HashSlots(0, 0));
    const stored = ['own:2:x', 'own:1:x', 'foreign:9:x', undefined];
    for (const hash of stored)
      await expect(passwords.check(hash, PASSWORD)).rejects.toMatchObject({ code: 'overloaded' });
    await expect(passwords.hash(PASSWORD)).rejects.toMatchObject({ code: 'overloaded' });
  });
});
