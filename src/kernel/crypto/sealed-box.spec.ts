import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KeyRing } from './key-ring.js';
import { SealBroken, SealedBox } from './sealed-box.js';

const ringOf = (...ids: string[]): KeyRing =>
  new KeyRing(ids.map((id): [string, Buffer] => [id, Buffer.alloc(32, id)]));
const PLACE = 'jobs/sealed/ajob_1';

describe('SealedBox', () => {
  const box = new SealedBox(ringOf('a'));

  it('opens what it sealed, byte for byte', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string(), (plain, place) =>
        box.open(box.seal(Buffer.from(plain), place), place).equals(plain),
      ),
    );
  });

  it('R310: a value moved to another row, table or tenant does not open', () => {
    const sealed = box.seal('secret', 'app-1/jobs/sealed/ajob_1');
    for (const place of ['app-1/jobs/sealed/ajob_2', 'app-1/keys/sealed/ajob_1', 'app-2/jobs/sealed/ajob_1', '']) {
      expect(() => box.open(sealed, place)).toThrow(SealBroken);
    }
  });

  it('R310: a value with any bit changed does not open', () => {
    const sealed = box.seal('secret', PLACE);
    for (let index = 0; index < sealed.length; index += 1) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
      expect(() => box.open(changed, PLACE)).toThrow(SealBroken);
    }
  });

  it('R310: a value cut short at any place does not open', () => {
    const sealed = box.seal('secret', PLACE);
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => box.open(sealed.subarray(0, length), PLACE)).toThrow(SealBroken);
    }
  });

  it('R313: one text sealed twice gives two values that have nothing in common', () => {
    const [one, two] = [box.seal('secret', PLACE), box.seal('secret', PLACE)];
    expect(one.subarray(2).equals(two.subarray(2))).toBe(false);
    // Twelve bytes after the key id are drawn for each value: GCM with a nonce used twice gives its key away.
    const nonces = new Set(Array.from({ length: 1_000 }, () => box.seal('x', PLACE).subarray(2, 14).toString('hex')));
    expect(nonces.size).toBe(1_000);
  });

  it('R307: the text is not in the value', () => {
    const sealed = box.seal('marker-value', PLACE).toString('latin1');
    expect(sealed).not.toContain('marker');
  });

  it('R311: a new key writes, the old one still reads, and once it is gone its values are closed', () => {
    const old = box.seal('secret', PLACE);
    const rotated = new SealedBox(ringOf('b', 'a'));
    expect(rotated.open(old, PLACE).toString()).toBe('secret');
    const fresh = rotated.seal('secret', PLACE);
    const without = new SealedBox(ringOf('b'));
    expect(without.open(fresh, PLACE).toString()).toBe('secret');
    expect(() => without.open(old, PLACE)).toThrow(SealBroken);
  });

  it('R312: a key of the same name with other bytes opens nothing', () => {
    const impostor = new SealedBox(new KeyRing([['a', Buffer.alloc(32, 'z')]]));
    expect(() => impostor.open(box.seal('secret', PLACE), PLACE)).toThrow(SealBroken);
  });

  it('R301: a failure names neither the value nor the place', () => {
    expect(() => box.open(box.seal('secret', PLACE), 'elsewhere')).toThrow(/^a sealed value could not be opened$/);
  });
});
