import { pbkdf2Sync, scryptSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { PasswordHasher } from '../password-hasher.js';
import { Pbkdf2PasswordHasher } from './pbkdf2.password-hasher.js';
import { PhpassPasswordHasher } from './phpass.password-hasher.js';
import { ScryptPasswordHasher } from './scrypt.password-hasher.js';
import { ShaCryptPasswordHasher } from './sha-crypt.password-hasher.js';

const PASSWORD = 'correct horse battery staple';
const SALT = Buffer.from('0123456789abcdef');

const HASHERS: readonly PasswordHasher[] = [
  new Pbkdf2PasswordHasher(),
  new ScryptPasswordHasher(),
  new ShaCryptPasswordHasher(),
  new PhpassPasswordHasher(),
];

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
const pbkdf2 = (algorithm: string, salt: Buffer, rounds: number, length: number): Buffer =>
  pbkdf2Sync(PASSWORD, salt, rounds, length, algorithm);
const scrypt = (salt: Buffer, r: number): Buffer =>
  scryptSync(PASSWORD, salt, 64, { N: 16_384, r, p: 1, maxmem: 2 ** 27 });

/** What other systems wrote: openssl, WordPress, the documentation of Firebase, and node:crypto in each format. */
const WRITTEN: readonly (readonly [from: string, stored: string, password: string])[] = [
  [
    'openssl, SHA-512-crypt',
    '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
    'Hello world!',
  ],
  ['openssl, SHA-256-crypt', '$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5', 'Hello world!'],
  [
    'openssl, SHA-512-crypt with rounds',
    '$6$rounds=1000$abcdefgh$V1i91irXvCwipBkwg/tvKYGddukiPVV0cuPd4itxwEFvW3tA2RdEmXC2Txbju/ImQ58srS/EByy9MezE4zz/j1',
    PASSWORD,
  ],
  [
    'openssl, SHA-256-crypt of another script',
    '$5$saltsaltsaltsalt$OegGmBh.Jq2H7PLyXfWB5ed2FlFe90zq7skxHH7qnB2',
    'пароль длинный',
  ],
  ['WordPress', '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0', 'test12345'],
  ['phpBB', '$H$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0', 'test12345'],
  [
    'Firebase',
    '$firebase-scrypt$ln=14,r=8$42xEC+ixf3L2lw==$Bw==$jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
    'user1password',
  ],
  ['PHC scrypt', `$scrypt$ln=14,r=16,p=1$${unpadded(SALT)}$${unpadded(scrypt(SALT, 16))}`, PASSWORD],
  [
    'PHC PBKDF2',
    `$pbkdf2-sha512$i=1000,l=64$${unpadded(SALT)}$${unpadded(pbkdf2('sha512', SALT, 1_000, 64))}`,
    PASSWORD,
  ],
  [
    'passlib',
    `$pbkdf2-sha256$29000$${unpadded(SALT).replaceAll('+', '.')}$${unpadded(pbkdf2('sha256', SALT, 29_000, 32)).replaceAll('+', '.')}`,
    PASSWORD,
  ],
  [
    'Django',
    `pbkdf2_sha256$1000$somesalt$${pbkdf2('sha256', Buffer.from('somesalt'), 1_000, 32).toString('base64')}`,
    PASSWORD,
  ],
];

describe('hashes of other systems', () => {
  it.each(WRITTEN)('of %s are opened by their password and by nothing like it', async (_, stored, password) => {
    const readers = HASHERS.filter((hasher) => hasher.reads(stored));
    expect(readers).toHaveLength(1);
    const [hasher] = readers;
    expect(await hasher?.verify(stored, password)).toBe(true);
    for (const wrong of ['', `${password} `, password.slice(1), password.toUpperCase(), `${password}\0`]) {
      expect([wrong, await hasher?.verify(stored, wrong)]).toEqual([wrong, false]);
    }
    expect(hasher?.isOutdated(stored)).toBe(true);
  });

  it.each([
    ['a scrypt of a gigabyte', `$scrypt$ln=20,r=8,p=1$${unpadded(SALT)}$${'A'.repeat(43)}`],
    ['a scrypt of many lanes', `$scrypt$ln=10,r=8,p=64$${unpadded(SALT)}$${'A'.repeat(43)}`],
    ['a scrypt of no cost', `$scrypt$ln=0,r=0,p=0$${unpadded(SALT)}$${'A'.repeat(43)}`],
    ['a PBKDF2 of minutes', `$pbkdf2-sha512$i=99999999$${unpadded(SALT)}$${'A'.repeat(43)}`],
    ['a PBKDF2 of no rounds', `$pbkdf2-sha512$i=0$${unpadded(SALT)}$${'A'.repeat(43)}`],
    ['a digest of eight bytes', `$pbkdf2-sha512$i=1000$${unpadded(SALT)}$${'A'.repeat(11)}`],
    ['a SHA-crypt of minutes', `$6$rounds=999999999$salt$${'A'.repeat(86)}`],
    ['a phpass of hours', `$P$z${'A'.repeat(8)}${'A'.repeat(22)}`],
    ['a digest of MD5 alone', 'd41d8cd98f00b204e9800998ecf8427e'],
    ['a password in clear', PASSWORD],
  ])('R012: are refused when they are %s', async (_, stored) => {
    for (const hasher of HASHERS) {
      expect(hasher.reads(stored)).toBe(false);
      expect(await hasher.verify(stored, PASSWORD)).toBe(false);
    }
  });

  it('are never written', async () => {
    for (const hasher of HASHERS) await expect(hasher.hash('x')).rejects.toThrow();
  });
});
