import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Secret } from './secret.js';
import { equalInConstantTime, hashToken, randomToken } from './token.js';

describe('tokens', () => {
  it('are 256 random bits in 64 hexadecimal characters', () => {
    const drawn = Array.from({ length: 1_000 }, randomToken);
    expect(drawn.every((token) => /^[0-9a-f]{64}$/.test(token))).toBe(true);
    expect(new Set(drawn).size).toBe(1_000);
  });

  it('R307: are kept as their SHA-256', () => {
    expect(hashToken('abc').toString('hex')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('R155: values of other lengths are unequal, not an error', () => {
    expect(equalInConstantTime(Buffer.from('ab'), Buffer.from('ab'))).toBe(true);
    expect(equalInConstantTime(Buffer.from('ab'), Buffer.from('ac'))).toBe(false);
    expect(equalInConstantTime(Buffer.from('ab'), Buffer.from('abc'))).toBe(false);
    expect(equalInConstantTime(Buffer.alloc(0), Buffer.from('a'))).toBe(false);
  });
});

describe('Secret', () => {
  it('R301: shows itself to whoever asks for it by name, and to nobody else', () => {
    const secret = new Secret('marker-value');
    expect(secret.reveal()).toBe('marker-value');
    const shown = [
      String(secret),
      `${secret}`,
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ deep: [secret] }, { depth: 9, showHidden: true }),
      Object.values(secret).join(),
      JSON.stringify(Object.entries(secret)),
    ];
    expect(shown.join()).not.toContain('marker');
  });
});
