import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { KeyRing } from './key-ring.js';
import { OneTimeCodes } from './one-time-code.js';

const ringOf = (...ids: string[]): KeyRing =>
  new KeyRing(ids.map((id): [string, Buffer] => [id, Buffer.alloc(32, id)]));

describe('OneTimeCodes', () => {
  const codes = new OneTimeCodes(ringOf('a'));

  it('draws six digits, leading zeros included, all of them in use', () => {
    const drawn = Array.from({ length: 5_000 }, () => codes.draw());
    expect(drawn.every((code) => /^\d{6}$/.test(code))).toBe(true);
    for (let place = 0; place < 6; place += 1) {
      expect(new Set(drawn.map((code) => code[place])).size).toBe(10);
    }
  });

  it('a code matches where it was mailed for, and nowhere else', () => {
    const mac = codes.mac('123456', 'avrf_1');
    expect(codes.matches('123456', 'avrf_1', mac)).toBe(true);
    expect(codes.matches('123457', 'avrf_1', mac)).toBe(false);
    expect(codes.matches('123456', 'avrf_2', mac)).toBe(false);
    expect(codes.matches('', 'avrf_1', mac)).toBe(false);
  });

  it('R308: the million hashes of all codes find none in what is stored', () => {
    const mac = codes.mac('123456', 'avrf_1');
    const plain = (text: string): Buffer => createHash('sha256').update(text).digest();
    expect(
      [plain('123456'), plain(`avrf_1\u0000${'123456'}`), plain('avrf_1123456')].some((hash) => hash.equals(mac)),
    ).toBe(false);
    expect(new OneTimeCodes(new KeyRing([['a', Buffer.alloc(32, 'z')]])).matches('123456', 'avrf_1', mac)).toBe(false);
  });

  it('R311: a code that was mailed before the key changed still matches; once the key is gone, it does not', () => {
    const mac = codes.mac('123456', 'avrf_1');
    expect(new OneTimeCodes(ringOf('b', 'a')).matches('123456', 'avrf_1', mac)).toBe(true);
    expect(new OneTimeCodes(ringOf('b')).matches('123456', 'avrf_1', mac)).toBe(false);
  });

  it('an empty or shortened MAC matches nothing', () => {
    for (const mac of [Buffer.alloc(0), codes.mac('123456', 'avrf_1').subarray(0, 8)]) {
      expect(codes.matches('123456', 'avrf_1', mac)).toBe(false);
    }
  });
});
