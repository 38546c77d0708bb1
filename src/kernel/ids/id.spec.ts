import { afterEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { MalformedId } from '../errors/common-problems.js';
import { ID_PREFIXES, type IdKind } from './id-prefixes.js';
import { isId, parseId, TypeIdGenerator } from './id.js';

const KINDS = Object.keys(ID_PREFIXES) as IdKind[];
const SUFFIX = '01h2xcejqtf2nbrexx3vqjhp41';

describe('identifiers', () => {
  const ids = new TypeIdGenerator();
  afterEach(() => void jest.restoreAllMocks());

  it('every kind has a prefix of its own', () => {
    expect(new Set(Object.values(ID_PREFIXES)).size).toBe(KINDS.length);
  });

  it.each(KINDS)('of a %s: what is made is accepted as that kind and as no other', (kind) => {
    const id = ids.next(kind);
    expect(id).toMatch(new RegExp(`^${ID_PREFIXES[kind]}_[0-9a-z]{26}$`));
    expect(KINDS.filter((other) => isId(other, id))).toEqual([kind]);
  });

  it('sort by creation, compared byte by byte', () => {
    const made = ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.001Z', '2030-06-01T00:00:00.000Z'].map((time) => {
      jest.spyOn(Date, 'now').mockReturnValue(Date.parse(time));
      return ids.next('user');
    });
    expect([...made].reverse().sort()).toEqual(made);
  });

  it('are never made twice', () => {
    expect(new Set(Array.from({ length: 10_000 }, () => ids.next('event'))).size).toBe(10_000);
  });

  it.each([
    ['another kind', `ases_${SUFFIX}`],
    ['no prefix', SUFFIX],
    ['the prefix alone', 'ausr_'],
    ['a longer prefix', `xausr_${SUFFIX}`],
    ['capitals', `ausr_${SUFFIX.toUpperCase()}`],
    ['capitals in the prefix', `AUSR_${SUFFIX}`],
    ['a letter that is not in the alphabet', `ausr_${SUFFIX.slice(0, -1)}u`],
    ['one character too few', `ausr_${SUFFIX.slice(1)}`],
    ['one character too many', `ausr_${SUFFIX}0`],
    ['more than 128 bits', 'ausr_81h2xcejqtf2nbrexx3vqjhp41'],
    ['a line break at the end', `ausr_${SUFFIX}\n`],
    ['a space before', ` ausr_${SUFFIX}`],
    ['a NUL', `ausr_${SUFFIX}\0`],
    ['a SQL wildcard', 'ausr_%'],
  ])('R340: %s is refused', (_what, raw) => {
    expect(isId('user', raw)).toBe(false);
    expect(() => parseId('user', raw)).toThrow(MalformedId);
  });

  it.each([undefined, null, 0, {}, [`ausr_${SUFFIX}`], { toString: () => `ausr_${SUFFIX}` }])(
    'R340: %p is no identifier',
    (raw) => {
      expect(isId('user', raw)).toBe(false);
    },
  );

  it('the refusal names the prefix and does not repeat what was sent', () => {
    expect(() => parseId('user', 'marker-value')).toThrow('expected an identifier that starts with ausr_');
  });

  it('no other text is taken for one', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const raw = `ausr_${text}`;
        return !isId('user', raw) || /^ausr_[0-7][0-9a-hjkmnp-tv-z]{25}$/.test(raw);
      }),
    );
  });
});
