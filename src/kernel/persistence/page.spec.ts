import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KeyRing } from '../crypto/key-ring.js';
import { Cursors, MalformedCursor } from './page.js';

const OLD: readonly [string, Buffer] = ['old', randomBytes(32)];
const NEW: readonly [string, Buffer] = ['new', randomBytes(32)];
const cursors = new Cursors(new KeyRing([OLD]));

const rows = (count: number): { id: string }[] => Array.from({ length: count }, (_, index) => ({ id: `r${index}` }));
const idOf = ({ id }: { id: string }): string => id;

describe('a cursor', () => {
  it('comes back as the key it was made of', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: 'binary' }), (list, key) => {
        expect(cursors.decode(list, cursors.encode(list, key))).toBe(key);
      }),
    );
  });

  it('R175: is refused by every list but its own', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (list, other, key) => {
        fc.pre(list !== other);
        expect(() => cursors.decode(other, cursors.encode(list, key))).toThrow(MalformedCursor);
      }),
    );
  });

  it('R175: that was changed leads nowhere else', () => {
    const cursor = cursors.encode('sessions/a', 'ases_01jd3v3x6pe0p9m2s5f7q8w9ab');
    const char = fc.constantFrom(...'ABCxyz019-_=!% ');
    fc.assert(
      fc.property(fc.nat(cursor.length - 1), char, fc.boolean(), (at, instead, insert) => {
        const changed = cursor.slice(0, at) + instead + cursor.slice(insert ? at : at + 1);
        let key: string;
        try {
          key = cursors.decode('sessions/a', changed);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedCursor);
          return;
        }
        // Base64 has more than one spelling for some bytes.
        expect(key).toBe('ases_01jd3v3x6pe0p9m2s5f7q8w9ab');
      }),
      { numRuns: 500 },
    );
  });

  it('R335: is nothing that can be made up', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.base64String(),
          fc.uint8Array().map((b) => Buffer.from(b).toString('base64url')),
        ),
        (text) => {
          expect(() => cursors.decode('sessions/a', text)).toThrow(MalformedCursor);
        },
      ),
    );
  });

  it('R311: is read after the key was replaced, until the old key is removed', () => {
    const cursor = cursors.encode('list', 'key');
    expect(new Cursors(new KeyRing([NEW, OLD])).decode('list', cursor)).toBe('key');
    expect(() => new Cursors(new KeyRing([NEW])).decode('list', cursor)).toThrow(MalformedCursor);
  });
});

describe('a page', () => {
  it('has a cursor when there is more, and none when there is not', () => {
    const full = cursors.page('list', 2, rows(3), idOf);
    expect(full.items).toEqual([{ id: 'r0' }, { id: 'r1' }]);
    expect(cursors.decode('list', full.nextCursor ?? '')).toBe('r1');
    expect(cursors.page('list', 2, rows(2), idOf)).toEqual({ items: rows(2) });
    expect(cursors.page('list', 2, [], idOf)).toEqual({ items: [] });
  });
});
