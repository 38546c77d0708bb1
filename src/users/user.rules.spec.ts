import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalEmail, canonicalUsername, displayUsername, splitName } from './user.rules.js';

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ unit: fc.constantFrom(...'aZ09@.-_+ "(),:;<>[]\\\u200b\u00ad\u0130ßſＡ．＠。\u0301'), maxLength: 30 }),
);
const asciiAddress = fc
  .tuple(
    fc.string({ unit: fc.constantFrom(...'abcXYZ019+_-'), minLength: 1, maxLength: 20 }),
    fc.string({ unit: fc.constantFrom(...'abcXYZ019'), minLength: 1, maxLength: 20 }),
  )
  .map(([local, host]) => `${local}@${host}.Example`);
const INVISIBLE = ['\u200b', '\u00ad', '\u2060', '\ufeff', '\u180e', '\u202e', '\u034f'];

describe('the canonical form of an address', () => {
  it('R017: is a fixed point: nothing is checked in one form and used in another', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom('', '@example.com', '@ex\u00e4mple.com'), (text, domain) => {
        const email = canonicalEmail(text + domain);
        if (email !== undefined) expect(canonicalEmail(email)).toBe(email);
      }),
      { numRuns: 3_000 },
    );
  });

  it('is one address of printable characters: no list, no comment, no quotes, no second line', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom('', '@example.com'), (text, domain) => {
        const email = canonicalEmail(text + domain);
        if (email === undefined) return;
        expect(email).toMatch(/^[^\s@"(),:;<>[\]\\\p{Cc}]+@[a-z0-9.-]+$/u);
        expect(email.isWellFormed()).toBe(true);
        expect(email.length).toBeLessThanOrEqual(254);
        expect(email).toBe(email.toLowerCase());
      }),
      { numRuns: 3_000 },
    );
  });

  it('R017: does not depend on case, surrounding spaces or characters that nobody sees', () => {
    fc.assert(
      fc.property(asciiAddress, fc.nat(), fc.constantFrom(...INVISIBLE), (address, where, char) => {
        const email = canonicalEmail(address);
        expect(email).toBe(address.toLowerCase());
        const at = where % (address.length + 1);
        for (const variant of [
          address.toUpperCase(),
          ` \t${address}\n`,
          address.slice(0, at) + char + address.slice(at),
          [...address].map((letter) => fullWidth(letter)).join(''),
        ]) {
          expect(canonicalEmail(variant)).toBe(email);
        }
      }),
    );
  });

  it.each([
    '',
    '@',
    'a@',
    '@b.co',
    'a@b@c.co',
    'a b@c.co',
    '"a b"@c.co',
    'a@b.co,c@d.co',
    'a@b.co;c@d.co',
    'Ada <a@b.co>',
    'a@b.co\r\nBcc: c@d.co',
    'a(b)@c.co',
    '.a@b.co',
    'a.@b.co',
    'a..b@c.co',
    'a@-b.co',
    'a@b-.co',
    'a@b..co',
    'a@[127.0.0.1]',
    'a@127.0.0.1',
    'a@127.1',
    'a@0x7f.1',
    'a@b.co/path',
    'a@b.co?x',
    'a@b.co#x',
    'a@b%2eco',
    'a@b.co:25',
    `${'a'.repeat(65)}@b.co`,
    `a@${'b.'.repeat(130)}co`,
    `a@${'b'.repeat(64)}.co`,
    'a@\ud800.co',
  ])('is refused to %j', (text) => {
    expect(canonicalEmail(text)).toBeUndefined();
  });
});

describe('the canonical form of a username', () => {
  it('R019: is a fixed point, never looks like an address and hides nothing', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const username = canonicalUsername(text);
        if (username === undefined) return;
        expect(canonicalUsername(username)).toBe(username);
        expect(username).not.toMatch(/[@\s\p{Cc}\p{Default_Ignorable_Code_Point}]/u);
        expect([...username].length).toBeLessThanOrEqual(64);
      }),
      { numRuns: 3_000 },
    );
  });

  it('R019: is one for every way of writing the same letters', () => {
    for (const variants of [
      ['ada', 'ADA', ' Ada ', 'a\u200bd\u00ada', 'ａｄａ', '𝐚𝐝𝐚'],
      ['jos\u00e9', 'jose\u0301', 'JOSE\u0301'],
      ['ﬁona', 'fiona', 'FIONA'],
    ]) {
      expect([...new Set(variants.map(canonicalUsername))]).toHaveLength(1);
    }
  });

  it('R019: is what the display form has, too: people see no other name than the one that is unique', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        if (canonicalUsername(text) !== undefined) {
          expect(canonicalUsername(displayUsername(text))).toBe(canonicalUsername(text));
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a name in one piece', () => {
  it('is split at its first space and loses nothing but spaces', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom(...'aé漢'), minLength: 1 }), { maxLength: 4 }),
        (words) => {
          const { firstName, lastName } = splitName(`  ${words.join('  ')} `);
          expect(`${firstName} ${lastName}`.trim()).toBe(words.join(' '));
          expect(firstName).toBe(words[0] ?? '');
        },
      ),
    );
  });
});

function fullWidth(letter: string): string {
  const code = letter.charCodeAt(0);
  return /[0-9A-Za-z@.+_-]/.test(letter) ? String.fromCharCode(code + 0xfee0) : letter;
}
