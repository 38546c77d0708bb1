import { RE2JS } from 're2js';
import { isWebUrl } from '../http/validation/web-url.decorator.js';
import type { FieldError } from '../http/validation/validation.pipe.js';
import type { Metadata, MetadataChanges, MetadataValue } from '../http/validation/metadata.js';
import { FORM_LIMITS, type FormField, isList, isText, longestAnswer } from './form-field.js';

/** Answers that are right, or what is wrong with them. */
export type Checked<T> = { readonly value: T } | { readonly errors: readonly FieldError[] };

interface CompiledField {
  readonly field: FormField;
  readonly pattern: RE2JS | undefined;
  readonly members: FormAnswers | undefined;
}

/** Checks what people answer against the fields of a form. Made once per form: patterns are compiled. */
export class FormAnswers {
  readonly #fields: ReadonlyMap<string, CompiledField>;

  /** @throws Error for a pattern that does not compile: a broken form lets nothing through (R349). */
  constructor(readonly fields: readonly FormField[]) {
    this.#fields = new Map(fields.map((field) => [field.name, compiled(field)]));
  }

  /** All answers at once: what is absent is missing, or takes its default. @param parent where errors are: `metadata`. */
  whole(answers: Readonly<Record<string, unknown>>, parent: string): Checked<Metadata> {
    const errors = this.unknown(answers, parent);
    const metadata: Record<string, MetadataValue> = {};
    for (const [name, compiledField] of this.#fields) {
      const given = answers[name];
      const { field } = compiledField;
      const answer = isAbsent(given) ? field.default : given;
      const path = `${parent}.${name}`;
      if (isAbsent(answer)) {
        if (field.required) errors.push(failure(path, 'required', 'is required'));
        continue;
      }
      const checked = check(compiledField, answer, path);
      if ('errors' in checked) errors.push(...checked.errors);
      else metadata[name] = checked.value;
    }
    return errors.length > 0 ? { errors } : sized(metadata, parent, metadata);
  }

  /** Some answers: what is absent stays, null and the empty text clear. */
  changes(answers: Readonly<Record<string, unknown>>, parent: string): Checked<MetadataChanges> {
    const errors = this.unknown(answers, parent);
    const set: Record<string, MetadataValue> = {};
    const cleared: string[] = [];
    for (const [name, answer] of Object.entries(answers)) {
      const compiledField = this.#fields.get(name);
      if (compiledField === undefined) continue;
      const path = `${parent}.${name}`;
      if (!isAbsent(answer)) {
        const checked = check(compiledField, answer, path);
        if ('errors' in checked) errors.push(...checked.errors);
        else set[name] = checked.value;
      } else if (compiledField.field.required) errors.push(failure(path, 'required', 'is required'));
      else cleared.push(name);
    }
    return errors.length > 0 ? { errors } : sized({ set, cleared }, parent, set);
  }

  private unknown(answers: Readonly<Record<string, unknown>>, parent: string): FieldError[] {
    return Object.keys(answers)
      .filter((name) => !this.#fields.has(name))
      .map((name) => failure(`${parent}.${name}`, 'unknown_field', 'is no field of this form'));
  }
}

/** How large the pattern is once compiled. @throws Error with what is wrong with it, for whoever wrote it. */
export function patternSize(pattern: string): number {
  return RE2JS.compile(pattern).programSize();
}

function compiled(field: FormField): CompiledField {
  const { validation, fields } = field;
  return {
    field,
    pattern: validation?.pattern === undefined ? undefined : RE2JS.compile(validation.pattern),
    members: fields === undefined ? undefined : new FormAnswers(fields),
  };
}

/** As everywhere in the service, null and the empty text are no answer. */
function isAbsent(answer: unknown): boolean {
  return answer === undefined || answer === null || answer === '';
}

function check(compiledField: CompiledField, answer: unknown, path: string): Checked<MetadataValue> {
  const { field } = compiledField;
  if (isList(field)) return checkList(compiledField, answer, path);
  if (isText(field)) return checkText(compiledField, answer, path);
  return checkScalar(field, answer, path);
}

function checkText({ field, pattern }: CompiledField, answer: unknown, path: string): Checked<string> {
  if (typeof answer !== 'string') return wrong(path, 'type', 'must be a text');
  const length = [...answer].length;
  const [least, most] = [field.validation?.min_len ?? 0, longestAnswer(field)];
  if (field.required && answer.trim() === '') return wrong(path, 'required', 'is required');
  if (length < least) return wrong(path, 'min_len', `must have at least ${least} characters`);
  if (length > most) return wrong(path, 'max_len', `must have at most ${most} characters`);
  const format = FORMATS[field.type];
  if (format !== undefined && !format.accepts(answer)) return wrong(path, field.type, format.message);
  if (pattern !== undefined && !pattern.test(answer)) return wrong(path, 'pattern', 'has not the form it must have');
  return { value: answer };
}

function checkScalar(field: FormField, answer: unknown, path: string): Checked<string | number | boolean> {
  switch (field.type) {
    case 'number':
      return checkNumber(field, answer, path);
    case 'checkbox':
    case 'switch': {
      const value = toBoolean(answer);
      if (value === undefined) return wrong(path, 'type', 'must be true or false');
      // As in HTML: a box that must be ticked is a consent.
      if (field.type === 'checkbox' && field.required && !value) return wrong(path, 'required', 'must be accepted');
      return { value };
    }
    case 'date':
      return isDate(answer) ? { value: answer } : wrong(path, 'date', 'must be a date such as 2030-01-31');
    default:
      return isOption(field, answer) ? { value: answer } : wrong(path, 'option', 'must be one of the options');
  }
}

function checkNumber({ validation = {} }: FormField, answer: unknown, path: string): Checked<number> {
  const value = toNumber(answer);
  if (value === undefined) return wrong(path, 'type', 'must be a number');
  const { min, max, integer } = validation;
  if (integer === true && !Number.isSafeInteger(value)) return wrong(path, 'integer', 'must be a whole number');
  if (min !== undefined && value < min) return wrong(path, 'min', `must be at least ${min}`);
  if (max !== undefined && value > max) return wrong(path, 'max', `must be at most ${max}`);
  return { value };
}

function checkList({ field, members }: CompiledField, answer: unknown, path: string): Checked<MetadataValue> {
  if (!Array.isArray(answer)) return wrong(path, 'type', 'must be a list');
  const items: readonly unknown[] = answer;
  const { min_items = field.required ? 1 : 0, max_items = FORM_LIMITS.items } = field.validation ?? {};
  if (items.length < min_items) return wrong(path, 'min_items', `must have at least ${min_items} items`);
  if (items.length > max_items) return wrong(path, 'max_items', `must have at most ${max_items} items`);
  if (members !== undefined) return checkObjects(members, items, path);
  const chosen = items.filter((item) => isOption(field, item));
  if (chosen.length < items.length) return wrong(path, 'option', 'must be a list of the options');
  return new Set(chosen).size < chosen.length ? wrong(path, 'unique', 'must name no option twice') : { value: chosen };
}

function checkObjects(members: FormAnswers, items: readonly unknown[], path: string): Checked<MetadataValue> {
  const errors: FieldError[] = [];
  const objects: Metadata[] = [];
  for (const [index, item] of items.entries()) {
    const place = `${path}.${index}`;
    if (typeof item !== 'object' || item === null || Array.isArray(item)) {
      errors.push(failure(place, 'type', 'must be an object'));
      continue;
    }
    const checked = members.whole(item as Record<string, unknown>, place);
    if ('errors' in checked) errors.push(...checked.errors);
    else objects.push(checked.value);
  }
  return errors.length > 0 ? { errors } : { value: objects as MetadataValue };
}

interface Format {
  readonly message: string;
  accepts(text: string): boolean;
}

const FORMATS: Partial<Record<FormField['type'], Format>> = {
  email: {
    message: 'must be an e-mail address',
    accepts: (text) => text.length <= 254 && /^[^\s@]{1,64}@[^\s@]+\.[^\s@.]+$/.test(text),
  },
  tel: {
    message: 'must be a telephone number',
    accepts: (text) => /^\+?[\d ()./-]{4,32}$/.test(text) && /^\d{4,15}$/.test(text.replace(/\D/g, '')),
  },
  url: { message: 'must be an http or https address', accepts: isWebUrl },
};

function isOption({ options = [] }: FormField, answer: unknown): answer is string {
  return options.some(({ value }) => value === answer);
}

function isDate(answer: unknown): answer is string {
  if (typeof answer !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(answer)) return false;
  const date = new Date(`${answer}T00:00:00Z`);
  // The thirtieth of February would roll over into March.
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(answer);
}

/** Clients written for the Go server send every answer as text. */
function toNumber(answer: unknown): number | undefined {
  if (typeof answer === 'string' && /^-?\d{1,15}(\.\d{1,15})?$/.test(answer)) return Number(answer);
  return typeof answer === 'number' && Number.isFinite(answer) ? answer : undefined;
}

function toBoolean(answer: unknown): boolean | undefined {
  if (typeof answer === 'boolean') return answer;
  if (answer === 'true' || answer === 'on') return true;
  return answer === 'false' || answer === 'off' ? false : undefined;
}

function sized<T>(value: T, path: string, answers: Metadata): Checked<T> {
  const bytes = Buffer.byteLength(JSON.stringify(answers));
  return bytes <= FORM_LIMITS.bytes
    ? { value }
    : wrong(path, 'too_large', `must have at most ${FORM_LIMITS.bytes} bytes`);
}

function wrong(path: string, code: string, what: string): { readonly errors: readonly FieldError[] } {
  return { errors: [failure(path, code, what)] };
}

function failure(path: string, code: string, what: string): FieldError {
  return { path, code, message: `${path} ${what}` };
}
