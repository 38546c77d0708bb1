import { describe, expect, it } from '@jest/globals';
import { drawKey, flawOf, isOurKey, KEY_PATTERN, keyEnd, keyStart, looksLikeKey } from './key-format.js';

const DRAWN = 100_000;
const KEYS = Array.from({ length: DRAWN }, () => drawKey('ath', 'production'));

const isPlausibleKey = (text: string): boolean => flawOf(text, []) === undefined;

describe('the format of API keys', () => {
  it('K05, R221: keys match the pattern, differ, and pass their own checksum', () => {
    expect(new Set(KEYS).size).toBe(DRAWN);
    expect(KEYS.every((key) => KEY_PATTERN.test(key) && isPlausibleKey(key))).toBe(true);
  });

  it('K05: a key with any one character changed is told apart', () => {
    for (const key of KEYS.slice(0, 200)) {
      for (let at = 0; at < key.length; at += 1) {
        const other = key[at] === 'a' ? 'b' : 'a';
        expect(isPlausibleKey(key.slice(0, at) + other + key.slice(at + 1))).toBe(false);
      }
    }
  });

  it('K06: no character of a body is likelier than another', () => {
    const counts = new Map<string, number>();
    for (const key of KEYS) {
      for (const character of key.slice(9, 41)) counts.set(character, (counts.get(character) ?? 0) + 1);
    }
    expect(counts.size).toBe(62);
    const expected = (DRAWN * 32) / 62;
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 61 degrees of freedom: once in a billion runs of a fair source is it more.
    expect(chiSquare).toBeLessThan(144);
  });

  it('says of which environment a key is', () => {
    expect(drawKey('ath', 'staging')).toMatch(/^ath_stg_/);
    expect(drawKey('acme', 'development')).toMatch(/^acme_test_/);
  });

  it('K07: publishable keys and session tokens are no API keys; keys of the Go server are', () => {
    for (const other of [`pk_live_${'a'.repeat(64)}`, 'a'.repeat(43), 'x.y.z', '']) {
      expect([looksLikeKey(other, []), isPlausibleKey(other)]).toEqual([false, false]);
    }
    for (const legacy of [`sk_live_${'a'.repeat(64)}`, `ask_${'0'.repeat(64)}`])
      expect(isPlausibleKey(legacy)).toBe(true);
  });

  it('K40: isOurKey tells keys by form, brand and checksum, and knows no others', () => {
    const key = drawKey('acme', 'production');
    const slip = key.slice(0, -1) + (key.endsWith('0') ? '1' : '0');
    expect([isOurKey(key), isOurKey(key, 'acme'), isOurKey(key, 'ath')]).toEqual([true, true, false]);
    for (const other of [slip, `${key}x`, ` ${key}`, `sk_live_${'a'.repeat(64)}`, '', 'x'.repeat(100_000)]) {
      expect(isOurKey(other)).toBe(false);
    }
  });

  it('shows the beginning and the end of a key, and no more', () => {
    const [key = ''] = KEYS;
    expect(keyStart(key)).toMatch(/^ath_live_.{4}$/);
    expect(keyEnd(key)).toHaveLength(4);
  });
});
