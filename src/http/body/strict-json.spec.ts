import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { JSON_LIMITS, JsonRefused, parseStrictJson } from './strict-json.js';

const parse = (text: string): unknown => parseStrictJson(Buffer.from(text));

/** Values that every JSON parser reads alike: well-formed texts, finite numbers, no name that means something to the language. */
const plainName = fc
  .string({ unit: 'grapheme', maxLength: 8 })
  .filter((name) => !['__proto__', 'constructor', 'prototype'].includes(name) && !name.includes('\0'));
const plainText = fc.string({ unit: 'binary', maxLength: 20 }).filter((text) => !text.includes('\0'));
const { value: plainValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(
      plainText,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
    ),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(plainName, tie('value'), { maxKeys: 5 }),
  ),
}));

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

describe('parseStrictJson', () => {
  it('agrees with JSON.parse on every document without ambiguities, however it is laid out', () => {
    fc.assert(
      fc.property(plainValue, fc.constantFrom(undefined, 1, '\t', '\r\n'), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('agrees when every character is written as an escape', () => {
    fc.assert(
      fc.property(plainText, (text) => {
        const escaped = [...Array(text.length).keys()]
          .map((at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`)
          .join('');
        expect(parse(`{"a":"${escaped}"}`)).toEqual({ a: text });
      }),
    );
  });

  it('R326: never accepts what JSON.parse refuses, never reads it differently, and refuses in one way', () => {
    const unit = fc.constantFrom(
      ...'{}[]",:\\ \n\tu0dDe8E+-.truefalsn',
      '"a"',
      '{"',
      '":',
      '\\u',
      '\u0000',
      '\ud800',
      'é',
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 30 }), (text) => {
        let value: unknown;
        try {
          value = parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(JsonRefused);
          return;
        }
        // As it was sent: a half of a surrogate pair has no bytes in UTF-8.
        expect(value).toEqual(JSON.parse(Buffer.from(text).toString()));
      }),
      { numRuns: 2_000 },
    );
  });

  it('R330: takes any bytes without another error than its own', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          parseStrictJson(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(JsonRefused);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('R326: refuses a name that appears twice in one object, at any depth and in any spelling', () => {
    const spellings = (name: string): string[] => [
      JSON.stringify(name),
      `"${[...name].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`,
    ];
    const name = fc.string({ unit: fc.constantFrom(...'abcAB_ $'), minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(name, fc.integer({ min: 0, max: 20 }), fc.boolean(), (twice, depth, escaped) => {
        const [plain, other] = spellings(twice);
        const object = `{${plain}:1,"x-y":[{"b":2}],${escaped ? other : plain}:3}`;
        const text = '{"n":['.repeat(depth) + object + ']}'.repeat(depth);
        expect(() => JSON.parse(text) as unknown).not.toThrow();
        expect(() => parse(text)).toThrow(JsonRefused);
      }),
    );
  });

  it('lets siblings and parents use the same names', () => {
    expect(parse('{"a":{"a":[{"a":1},{"a":2}]},"b":{"a":3}}')).toEqual({ a: { a: [{ a: 1 }, { a: 2 }] }, b: { a: 3 } });
  });

  it('R329: refuses names that reach prototypes, in any spelling, and takes them as values', () => {
    for (const name of ['__proto__', 'constructor', 'prototype', '\\u005f_proto__', 'c\\u006fnstructor']) {
      expect(() => parse(`{"a":[{"${name}":{"polluted":true}}]}`)).toThrow(JsonRefused);
    }
    expect(parse('{"a":"__proto__","b":["constructor"]}')).toEqual({ a: '__proto__', b: ['constructor'] });
    expect({}).not.toHaveProperty('polluted');
  });

  it('keeps names that only look special', () => {
    expect(parse('{"toString":1,"hasOwnProperty":2,"valueOf":3}')).toEqual(
      JSON.parse('{"toString":1,"hasOwnProperty":2,"valueOf":3}'),
    );
  });

  it.each([
    ['NUL', '{"a":"\\u0000"}'],
    ['NUL in a name', '{"a\\u0000":1}'],
    ['a raw NUL', '{"a":"\0"}'],
    ['the first half of a pair', '{"a":"\\ud83d"}'],
    ['the second half of a pair', '{"a":"\\ude00"}'],
    ['both halves the wrong way round', '{"a":"\\ude00\\ud83d"}'],
    ['a half in a name', '{"\\ud83d":1}'],
    ['a number too large', '{"a":1e400}'],
    ['a negative number too large', '[-1e999]'],
    ['NaN', '[NaN]'],
    ['Infinity', '[Infinity]'],
    ['a comment', '{"a":1/* b */}'],
    ['a trailing comma', '[1,]'],
    ['single quotes', "{'a':1}"],
    ['a raw newline in a text', '["a\nb"]'],
    ['two documents', '{}{}'],
    ['nothing', ''],
    ['an open text', '{"a":"b'],
    ['an open escape', '"\\'],
    ['a short escape', '"\\u12"'],
    ['a closing bracket too many', '[]]'],
    ['a bracket closed by a brace', '[}'],
  ])('R326, R330: refuses %s', (_what, text) => {
    expect(() => parse(text)).toThrow(JsonRefused);
  });

  it('reads both halves of a pair together', () => {
    expect(parse('{"a":"\\ud83d\\ude00"}')).toEqual({ a: '😀' });
  });

  it.each([
    ['a lone continuation byte', [0x22, 0x80, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['an encoded surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['a cut character', [0x22, 0xf0, 0x9f, 0x22]],
    ['UTF-16', [0xff, 0xfe, 0x22, 0x00]],
  ])('R330: refuses %s as not UTF-8', (_what, bytes) => {
    expect(() => parseStrictJson(Buffer.from(bytes))).toThrow('not valid UTF-8');
  });

  it('R326: bounds depth', () => {
    expect(parse(nested(JSON_LIMITS.mostDepth))).toBeDefined();
    expect(() => parse(nested(JSON_LIMITS.mostDepth + 1))).toThrow('nested deeper');
    expect(() => parse('['.repeat(10_000))).toThrow('nested deeper');
    expect(() => parse('{"a":'.repeat(10_000))).toThrow('nested deeper');
  });

  it('R326: bounds the number of members, whatever they are members of', () => {
    const { mostMembers } = JSON_LIMITS;
    const list = (count: number): string => `[${Array.from({ length: count }, () => '1').join()}]`;
    expect(parse(list(mostMembers + 1))).toHaveLength(mostMembers + 1);
    expect(() => parse(list(mostMembers + 2))).toThrow('members');
    const names = Array.from({ length: 100_000 }, (_, index) => `"k${index}":1`).join();
    expect(() => parse(`{${names}}`)).toThrow('members');
  });

  it('does not count brackets, commas and quotes inside texts', () => {
    const text = '[{"'.repeat(50) + ','.repeat(20_000);
    expect(parse(JSON.stringify({ a: text }))).toEqual({ a: text });
  });

  it('skips one byte order mark', () => {
    expect(parse('\ufeff{"a":1}')).toEqual({ a: 1 });
    expect(() => parse('\ufeff\ufeff{}')).toThrow(JsonRefused);
  });
});
