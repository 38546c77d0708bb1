import { describe, expect, it } from '@jest/globals';
import { definitionErrors } from './form-definition.rules.js';
import { FORM_LIMITS, type FieldRules, type FieldType, type FormField } from './form-field.js';

const field = (rest: Partial<FormField> = {}): FormField => ({
  name: 'plan',
  label: 'Plan',
  type: 'text',
  required: false,
  ...rest,
});

const found = (...fields: FormField[]): string[] => definitionErrors(fields).map(({ path, code }) => `${path} ${code}`);

const options = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ value: `o${index}`, label: `O${index}` }));

describe('the definition of a form', () => {
  it('may be empty, or use every type', () => {
    expect(found()).toEqual([]);
    expect(
      found(
        field({ name: 'a', type: 'text', validation: { min_len: 1, max_len: 5, pattern: '^a+$' }, default: 'aaa' }),
        field({ name: 'b', type: 'number', validation: { min: 1, max: 5, integer: true }, default: 2 }),
        field({ name: 'c', type: 'select', options: options(3), default: 'o1' }),
        field({ name: 'd', type: 'select', options: options(3), multiple: true, default: ['o1', 'o2'] }),
        field({ name: 'e', type: 'object_array', fields: [field()], validation: { min_items: 1, max_items: 2 } }),
        field({ name: 'f', type: 'checkbox', required: true }),
      ),
    ).toEqual([]);
  });

  it.each(['__proto__', 'constructor', 'email', 'Password', 'role', 'app_id', 'metadata'])(
    'R350: names no field %s',
    (name) => expect(found(field({ name }))).toEqual(['fields.0.name reserved']),
  );

  it.each(['', '1st', 'a-b', 'a.b', 'a b', 'ä', 'a'.repeat(65)])('R350: names no field %j', (name) => {
    expect(found(field({ name }))).toEqual(['fields.0.name name']);
  });

  it('R350: names no two fields alike, whatever their case', () => {
    expect(found(field(), field({ name: 'PLAN' }))).toEqual(['fields.1.name unique']);
  });

  it('R354: has at most 50 fields, 200 options and 20 members', () => {
    const fields = Array.from({ length: 51 }, (_, index) => field({ name: `f${index}` }));
    expect(found(...fields.slice(1))).toEqual([]);
    expect(found(...fields)).toEqual(['fields max_items']);
    expect(found(field({ type: 'select', options: options(200) }))).toEqual([]);
    expect(found(field({ type: 'select', options: options(201) }))).toEqual(['fields.0.options max_items']);
    expect(found(field({ type: 'object_array', fields: fields.slice(0, 21) }))).toEqual(['fields.0.fields max_items']);
  });

  it.each(['(', 'a{1001}', '(?=a)', '(a)\\1', '[z-a]', 'a**', '\\pX'])('R349: has no pattern %s', (pattern) => {
    expect(found(field({ validation: { pattern } }))).toEqual(['fields.0.validation.pattern pattern']);
  });

  it('R348: has no pattern that is too long, or too large once compiled, alone or together with the others', () => {
    expect(found(field({ validation: { pattern: 'a'.repeat(501) } }))).toEqual(['fields.0.validation.pattern max_len']);
    expect(found(field({ validation: { pattern: '((a{30}){30})' } }))).toEqual(['fields.0.validation.pattern pattern']);
    const large = Array.from({ length: 6 }, (_, index) =>
      field({ name: `f${index}`, validation: { pattern: 'a{400}' } }),
    );
    expect(found(...large.slice(0, 4))).toEqual([]);
    expect(found(...large)).toEqual(['fields pattern']);
  });

  it.each<[FieldType, FieldRules, string]>([
    ['number', { min_len: 1 }, 'min_len type'],
    ['text', { min: 1 }, 'min type'],
    ['checkbox', { pattern: 'a' }, 'pattern type'],
    ['text', { min_len: 3, max_len: 2 }, 'min_len range'],
    ['number', { min: 3, max: 2 }, 'min range'],
  ])('gives a field of type %s no rules %j', (type, validation, error) => {
    expect(found(field({ type, validation }))).toEqual([`fields.0.validation.${error}`]);
  });

  it('gives options to choices alone, at least one, each once', () => {
    expect(found(field({ options: options(1) }))).toEqual(['fields.0.options type']);
    expect(found(field({ type: 'radio' }))).toEqual(['fields.0.options required']);
    expect(found(field({ type: 'select', options: [...options(1), ...options(1)] }))).toEqual([
      'fields.0.options unique',
    ]);
    expect(found(field({ type: 'radio', options: options(2), multiple: true }))).toEqual(['fields.0.multiple type']);
  });

  it('gives members to lists of objects alone, at least one, and no further lists in them', () => {
    expect(found(field({ fields: [field()] }))).toEqual(['fields.0.fields type']);
    expect(found(field({ type: 'object_array' }))).toEqual(['fields.0.fields required']);
    const inner = field({ type: 'object_array', fields: [field()] });
    expect(found(field({ type: 'object_array', fields: [inner] }))).toEqual(['fields.0.fields type']);
    expect(found(field({ type: 'object_array', fields: [field({ name: 'role' })] }))).toEqual([
      'fields.0.fields.0.name reserved',
    ]);
  });

  it('has no default that the field itself refuses', () => {
    expect(found(field({ type: 'number', default: 'many' }))).toEqual(['fields.0.default default']);
    expect(found(field({ type: 'select', options: options(2), default: 'o9' }))).toEqual(['fields.0.default default']);
  });

  it('R348: keeps the time of a hostile pattern over the longest answer linear, by its bounds', () => {
    expect(found(field({ validation: { pattern: '(a+)+$' } }))).toEqual([]);
    expect(FORM_LIMITS.patternSize * FORM_LIMITS.text).toBeLessThanOrEqual(600_000);
  });
});
