import { describe, expect, it } from '@jest/globals';
import { FormAnswers } from './form-answers.js';
import type { FieldRules, FieldType, FormField } from './form-field.js';

function field(type: FieldType, rest: Partial<FormField> = {}): FormField {
  return { name: 'it', label: 'It', type, required: false, ...rest };
}

/** What becomes of an answer: its value, or the codes of what is wrong with it. */
function answered(asked: FormField, answer: unknown): unknown {
  const checked = new FormAnswers([asked]).whole({ it: answer }, 'metadata');
  return 'errors' in checked ? checked.errors.map(({ code }) => code) : checked.value.it;
}

const COLOURS = [
  { value: 'red', label: 'Red' },
  { value: 'blue', label: 'Blue' },
];

describe('the answers to a form', () => {
  it.each<[FieldType, unknown, unknown]>([
    ['text', 'anything', 'anything'],
    ['text', 7, ['type']],
    ['text', ['a'], ['type']],
    ['textarea', 'x'.repeat(10_000), 'x'.repeat(10_000)],
    ['textarea', 'x'.repeat(10_001), ['max_len']],
    ['text', 'x'.repeat(1_025), ['max_len']],
    ['email', 'ada@example.com', 'ada@example.com'],
    ['email', 'ada', ['email']],
    ['tel', '+44 20 7946 0958', '+44 20 7946 0958'],
    ['tel', 'call me', ['tel']],
    ['url', 'https://example.com', 'https://example.com'],
    ['url', 'javascript:alert(1)', ['url']],
    ['date', '2028-02-29', '2028-02-29'],
    ['date', '2027-02-29', ['date']],
    ['date', 'tomorrow', ['date']],
    ['number', 1.5, 1.5],
    ['number', '1.5', 1.5],
    ['number', '1e9', ['type']],
    ['number', true, ['type']],
    ['checkbox', true, true],
    ['checkbox', 'true', true],
    ['checkbox', 'on', true],
    ['switch', 'off', false],
    ['switch', 'yes', ['type']],
    ['switch', 1, ['type']],
  ])('R351: of type %s take %j as %j', (type, answer, becomes) => {
    expect(answered(field(type), answer)).toEqual(becomes);
  });

  it.each<[string, FieldType, FieldRules, unknown, unknown]>([
    ['at least so long, in characters', 'text', { min_len: 3 }, '👍👍👍', '👍👍👍'],
    ['not too short, in characters', 'text', { min_len: 3 }, '👍👍', ['min_len']],
    ['not too long, in characters', 'text', { max_len: 2 }, '👍👍', '👍👍'],
    ['at most so long', 'text', { max_len: 2 }, 'abc', ['max_len']],
    ['of a pattern', 'text', { pattern: '^[A-Z]{2}$' }, 'DE', 'DE'],
    ['of no other pattern', 'text', { pattern: '^[A-Z]{2}$' }, 'DEU', ['pattern']],
    ['not below', 'number', { min: 0 }, -1, ['min']],
    ['not above', 'number', { max: 10 }, 11, ['max']],
    ['with their ends', 'number', { min: 0, max: 10 }, 10, 10],
    ['whole', 'number', { integer: true }, 1.5, ['integer']],
  ])('R351: can be asked to be %s', (_, type, validation, answer, becomes) => {
    expect(answered(field(type, { validation }), answer)).toEqual(becomes);
  });

  it('R351: of a choice are options by their value, once each', () => {
    const one = field('select', { options: COLOURS });
    expect(answered(one, 'red')).toBe('red');
    expect(answered(one, 'Red')).toEqual(['option']);
    expect(answered(one, ['red'])).toEqual(['option']);
    expect(answered(field('radio', { options: COLOURS }), 'green')).toEqual(['option']);
    const several = field('select', { options: COLOURS, multiple: true, validation: { max_items: 2 } });
    expect(answered(several, ['red', 'blue'])).toEqual(['red', 'blue']);
    expect(answered(several, ['red', 'red'])).toEqual(['unique']);
    expect(answered(several, ['red', 'green'])).toEqual(['option']);
    expect(answered(several, ['red', 'blue', 'red'])).toEqual(['max_items']);
    expect(answered(several, 'red')).toEqual(['type']);
  });

  it.each<[FieldType, unknown]>([
    ['text', undefined],
    ['text', null],
    ['text', ''],
    ['text', '  \t'],
    ['number', null],
    ['checkbox', false],
    ['object_array', []],
  ])('R351: of type %s are missing when they are %j', (type, answer) => {
    const asked = field(type, { required: true, ...(type === 'object_array' && { fields: [field('text')] }) });
    expect(answered(asked, answer)).toEqual([type === 'object_array' ? 'min_items' : 'required']);
  });

  it('take the default of what is left out, and no default where something was said', () => {
    const asked = field('number', { default: 3 });
    expect(answered(asked, undefined)).toBe(3);
    expect(answered(asked, 0)).toBe(0);
  });

  it('R352: name no field that is not asked for', () => {
    const checked = new FormAnswers([field('text')]).whole({ role: 'admin', constructor: 'x' }, 'metadata');
    expect(checked).toMatchObject({
      errors: [
        { path: 'metadata.role', code: 'unknown_field' },
        { path: 'metadata.constructor', code: 'unknown_field' },
      ],
    });
  });

  it('may be lists of objects, whose members are checked like any field', () => {
    const asked = field('object_array', {
      fields: [field('text', { required: true }), field('number', { name: 'age' })],
    });
    expect(answered(asked, [{ it: 'Ada', age: '36' }])).toEqual([{ it: 'Ada', age: 36 }]);
    const checked = new FormAnswers([asked]).whole({ it: [{ it: 'Ada' }, { age: 1, more: 2 }, 'x'] }, 'metadata');
    expect(checked).toMatchObject({
      errors: [
        { path: 'metadata.it.1.more', code: 'unknown_field' },
        { path: 'metadata.it.1.it', code: 'required' },
        { path: 'metadata.it.2', code: 'type' },
      ],
    });
  });

  it('R352: have a size that they must not exceed together', () => {
    const fields = Array.from({ length: 10 }, (_, index) => field('textarea', { name: `essay${index}` }));
    const answers = Object.fromEntries(fields.map(({ name }) => [name, 'x'.repeat(9_000)]));
    expect(new FormAnswers(fields).whole(answers, 'metadata')).toMatchObject({ errors: [{ code: 'too_large' }] });
  });

  it('say everything that is wrong at once', () => {
    const form = new FormAnswers([field('text', { name: 'a', required: true }), field('number', { name: 'b' })]);
    const checked = form.whole({ b: 'many' }, 'metadata');
    expect(checked).toMatchObject({ errors: [{ path: 'metadata.a' }, { path: 'metadata.b' }] });
  });

  it('change what they name: others stay, null and the empty text clear, and what is required cannot be cleared', () => {
    const form = new FormAnswers([
      field('text', { name: 'a', required: true }),
      field('text', { name: 'b' }),
      field('text', { name: 'c' }),
    ]);
    expect(form.changes({ b: 'new', c: null }, 'metadata')).toEqual({ value: { set: { b: 'new' }, cleared: ['c'] } });
    expect(form.changes({ a: '' }, 'metadata')).toMatchObject({ errors: [{ path: 'metadata.a', code: 'required' }] });
    expect(form.changes({ z: 1 }, 'metadata')).toMatchObject({ errors: [{ code: 'unknown_field' }] });
  });

  it('R349: are let through by no form whose pattern does not compile', () => {
    expect(() => new FormAnswers([field('text', { validation: { pattern: '(' } })])).toThrow();
  });
});
