import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isOriginEntry, OriginList } from './origins.js';

const label = fc.string({ unit: fc.constantFrom(...'abcxyz019-'), minLength: 1, maxLength: 12 });

describe('an exact origin', () => {
  const list = new OriginList(['https://app.example.com', 'http://localhost:5173']);

  it('R317: is allowed as it is, and in no other way', () => {
    expect(list.allows('https://app.example.com')).toBe(true);
    expect(list.allows('http://localhost:5173')).toBe(true);
    for (const origin of [
      'null',
      '',
      '*',
      'http://app.example.com',
      'https://app.example.com:444',
      'https://app.example.com.evil.com',
      'https://evil-app.example.com',
      'https://xapp.example.com',
      'https://app.example.comx',
      'https://app.example.com@evil.com',
      'https://app.example.com/',
      'https://APP.example.com',
      'https://appxexample.com',
      'http://localhost:51730',
      'http://localhost',
      ' https://app.example.com',
      'https://app.example.com\n',
      'https://evil.com#https://app.example.com',
    ]) {
      expect([origin, list.allows(origin)]).toEqual([origin, false]);
    }
  });

  it('R317: is the only one of any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(list.allows(text)).toBe(false);
        expect(list.allows(`https://app.example.com${text}`)).toBe(text === '');
        expect(list.allows(`${text}https://app.example.com`)).toBe(text === '');
      }),
    );
  });
});

describe('a wildcard', () => {
  const list = new OriginList(['https://*.example.com']);

  it('R317: stands for one whole first label', () => {
    fc.assert(
      fc.property(label, label, (one, two) => {
        expect(list.allows(`https://${one}.example.com`)).toBe(true);
        expect(list.allows(`https://${two}.${one}.example.com`)).toBe(false);
        expect(list.allows(`https://${one}example.com`)).toBe(false);
        expect(list.allows(`https://${one}.example.com.${two}`)).toBe(false);
        expect(list.allows(`https://${one}.example.com:8443`)).toBe(false);
        expect(list.allows(`http://${one}.example.com`)).toBe(false);
      }),
    );
  });

  it('R317: stands for no separator, however it is written', () => {
    for (const part of [
      '',
      '.',
      'a/',
      'evil.com/',
      'evil.com#',
      'evil.com?',
      'a@',
      'a:1@',
      'a\\',
      'a%2f',
      'ä',
      'a\n',
      'a b',
    ]) {
      expect([part, list.allows(`https://${part}.example.com`)]).toEqual([part, false]);
    }
  });

  it('stands for a port, or for none, where it is the port', () => {
    const local = new OriginList(['http://localhost:*']);
    expect(local.allows('http://localhost:3000')).toBe(true);
    expect(local.allows('http://localhost')).toBe(true);
    for (const origin of [
      'http://localhost:',
      'http://localhost:x',
      'http://localhost:80.evil.com',
      'http://localhost.evil.com',
    ]) {
      expect([origin, local.allows(origin)]).toEqual([origin, false]);
    }
  });
});

describe('an entry of an allow list', () => {
  it('is an origin, with * only as the whole first label or as the port', () => {
    for (const entry of [
      'https://a.example.com',
      'http://localhost:3000',
      'https://*.example.com',
      'http://localhost:*',
    ]) {
      expect([entry, isOriginEntry(entry)]).toEqual([entry, true]);
    }
    for (const entry of [
      '*',
      'https://*',
      'null',
      'https://',
      'https://a*.example.com',
      'https://*a.example.com',
      'https://a.*.com',
      'https://**.example.com',
      'https://example.com/',
      'https://example.com/path',
      'https://user@example.com',
      'https://Example.com',
      'ftp://example.com',
      'javascript:alert(1)',
      'https://example.com:',
      'https://example.com:123456',
      'https://.example.com',
      'https://a..b',
      'https://example.com\n',
    ]) {
      expect([entry, isOriginEntry(entry)]).toEqual([entry, false]);
    }
  });

  it('R317: cannot be made to match what it does not name: every other character stands for itself', () => {
    const entry = fc.constantFrom('https://*.example.com', 'http://localhost:*', 'https://app.example.com:8443');
    const char = fc.constantFrom(...'abc019.*:/^$|()[]+?\\{}@#%- ');
    fc.assert(
      fc.property(entry, fc.nat(40), fc.array(char, { minLength: 1, maxLength: 3 }), (valid, at, inserted) => {
        const text = valid.slice(0, at) + inserted.join('') + valid.slice(at);
        if (!isOriginEntry(text)) return;
        const list = new OriginList([text]);
        for (const origin of [
          'https://evil.test',
          'http://evil.test',
          'null',
          'https://evil.test:8443',
          'http://evil',
        ]) {
          expect([text, origin, list.allows(origin)]).toEqual([text, origin, false]);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
