import { describe, expect, it } from '@jest/globals';
import { KeyRing } from './key-ring.js';
import { Secret } from './secret.js';

const key = (fill: number): Buffer => Buffer.alloc(32, fill);
const written = (id: string, fill: number): string => `${id}:${key(fill).toString('base64')}`;

describe('KeyRing', () => {
  it('writes with the first key and reads with all of them (R311)', () => {
    const ring = KeyRing.parse(new Secret(`${written('new', 2)}, ${written('old', 1)}`));
    expect(ring.activeId).toBe('new');
    expect(ring.ids).toEqual(['new', 'old']);
    expect(ring.deriveActive('purpose')).toEqual(ring.derive('purpose', 'new'));
    expect(ring.derive('purpose', 'old')).toEqual(new KeyRing([['x', key(1)]]).deriveActive('purpose'));
  });

  it('a key that was taken out reads no more', () => {
    expect(new KeyRing([['new', key(2)]]).derive('purpose', 'old')).toBeUndefined();
  });

  it('purposes, and keys, have nothing in common', () => {
    const ring = new KeyRing([
      ['a', key(1)],
      ['b', key(2)],
    ]);
    const derived = ['a', 'b'].flatMap((id) =>
      ['one', 'two', ''].map((purpose) => ring.derive(purpose, id)?.toString('hex')),
    );
    expect(new Set(derived).size).toBe(6);
    expect(derived).not.toContain(key(1).toString('hex'));
  });

  it('a derived key is the same on every replica and in every release (HKDF-SHA256, RFC 5869)', () => {
    // Computed with another implementation: salt `authsome`, info `cursor`.
    expect(new KeyRing([['a', key(7)]]).deriveActive('cursor').toString('hex')).toBe(
      'a9cd2f6085eb63dd464158cb0a89586c125b2ff4b49a89debc79de066cdde05f',
    );
  });

  it.each([
    ['nothing', ''],
    ['commas only', ', ,'],
    ['no id', key(1).toString('base64')],
    ['an empty id', `:${key(1).toString('base64')}`],
    ['an id with a colon to come', `a b:${key(1).toString('base64')}`],
    ['an id of 17 characters', written('a'.repeat(17), 1)],
    ['31 bytes', `a:${Buffer.alloc(31, 1).toString('base64')}`],
    ['33 bytes', `a:${Buffer.alloc(33, 1).toString('base64')}`],
    ['a key in hexadecimal', `a:${key(1).toString('hex')}`],
    ['one id twice', `${written('a', 1)},${written('a', 2)}`],
  ])('R312: %s is refused', (_what, text) => {
    expect(() => KeyRing.parse(new Secret(text))).toThrow(Error);
  });

  it('R301: a refusal does not repeat the key', () => {
    const marker = Buffer.alloc(31, 0x6d).toString('base64');
    for (const text of [`a:${marker}`, marker, `a b:${marker}`]) {
      expect(() => KeyRing.parse(new Secret(text))).not.toThrow(marker.slice(0, 20));
    }
  });
});
