import type { FieldError } from '../http/validation/validation.pipe.js';
import { FormAnswers, patternSize } from './form-answers.js';
import { FORM_LIMITS, type FieldRules, type FormField, hasOptions, isList, isText } from './form-field.js';

const NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
/** Names that mean something else: members of an account, and what JavaScript keeps for itself (R350). */
const RESERVED = new Set(
  `__proto__ constructor prototype toString valueOf hasOwnProperty
   id user_id app_id env_id org_id email email_verified phone phone_verified username display_username password password_hash
   current_password new_password role roles permission permissions scope scopes banned metadata token session_token refresh_token
   external_id created_at updated_at deleted_at`
    .split(/\s+/)
    .map((name) => name.toLowerCase()),
);

/** What is wrong with the fields of a form; nothing: it can be saved. */
export function definitionErrors(fields: readonly FormField[]): FieldError[] {
  const errors = errorsOf(fields, 'fields', FORM_LIMITS.fields);
  if (errors.length > 0) return errors;
  const size = sizeOf(fields);
  if (size <= FORM_LIMITS.patternSizeOfForm) return [];
  return [failure('fields', 'pattern', 'have patterns that are too large together: use shorter repetitions')];
}

function errorsOf(fields: readonly FormField[], parent: string, most: number): FieldError[] {
  if (fields.length > most) return [failure(parent, 'max_items', `must be at most ${most}`)];
  const seen = new Set<string>();
  return fields.flatMap((field, index) => {
    const path = `${parent}.${index}`;
    const errors = fieldErrors(field, path);
    const name = field.name.toLowerCase();
    if (seen.has(name)) errors.push(failure(`${path}.name`, 'unique', 'is the name of another field'));
    seen.add(name);
    return errors;
  });
}

function fieldErrors(field: FormField, path: string): FieldError[] {
  const errors = [
    ...nameErrors(field.name, `${path}.name`),
    ...optionErrors(field, `${path}.options`),
    ...memberErrors(field, `${path}.fields`),
    ...ruleErrors(field, `${path}.validation`),
  ];
  if (field.multiple === true && field.type !== 'select')
    errors.push(failure(`${path}.multiple`, 'type', 'is for fields of type select'));
  // A default that the field itself refuses would fail every sign-up that leaves the field out.
  if (errors.length > 0 || field.default === undefined) return errors;
  const checked = new FormAnswers([field]).whole({ [field.name]: field.default }, `${path}.default`);
  return 'errors' in checked ? [failure(`${path}.default`, 'default', 'is no valid answer to the field')] : [];
}

function nameErrors(name: string, path: string): FieldError[] {
  if (RESERVED.has(name.toLowerCase())) return [failure(path, 'reserved', `may not be ${name}`)];
  if (NAME.test(name)) return [];
  return [failure(path, 'name', 'must start with a letter and have up to 64 letters, digits and underscores')];
}

function optionErrors(field: FormField, path: string): FieldError[] {
  const { options = [] } = field;
  if (!hasOptions(field))
    return options.length === 0 ? [] : [failure(path, 'type', 'are for fields of type select and radio')];
  if (options.length === 0) return [failure(path, 'required', 'are required')];
  if (options.length > FORM_LIMITS.options)
    return [failure(path, 'max_items', `must be at most ${FORM_LIMITS.options}`)];
  const values = new Set(options.map(({ value }) => value));
  return values.size === options.length ? [] : [failure(path, 'unique', 'must differ in their values')];
}

function memberErrors({ type, fields }: FormField, path: string): FieldError[] {
  if (type !== 'object_array')
    return fields === undefined ? [] : [failure(path, 'type', 'are for fields of type object_array')];
  if (fields === undefined || fields.length === 0) return [failure(path, 'required', 'are required')];
  if (fields.some((member) => member.type === 'object_array'))
    return [failure(path, 'type', 'may not be of type object_array themselves')];
  return errorsOf(fields, path, FORM_LIMITS.memberFields);
}

function ruleErrors(field: FormField, path: string): FieldError[] {
  const { validation: rules = {} } = field;
  const foreign = (Object.keys(rules) as (keyof FieldRules)[]).filter(
    (rule) => rules[rule] !== undefined && !rulesOf(field).includes(rule),
  );
  if (foreign.length > 0)
    return foreign.map((rule) => failure(`${path}.${rule}`, 'type', `is no rule of a field of type ${field.type}`));
  const { min_len, max_len, min, max, min_items, max_items, pattern } = rules;
  return [
    ...orderErrors(min_len, max_len, `${path}.min_len`),
    ...orderErrors(min, max, `${path}.min`),
    ...orderErrors(min_items, max_items, `${path}.min_items`),
    ...(pattern === undefined ? [] : patternErrors(pattern, `${path}.pattern`)),
  ];
}

function rulesOf(field: FormField): readonly (keyof FieldRules)[] {
  if (isList(field)) return ['min_items', 'max_items'];
  if (isText(field)) return ['min_len', 'max_len', 'pattern'];
  return field.type === 'number' ? ['min', 'max', 'integer'] : [];
}

function orderErrors(least: number | undefined, most: number | undefined, path: string): FieldError[] {
  if (least === undefined || most === undefined || least <= most) return [];
  return [failure(path, 'range', 'is more than its upper end')];
}

function patternErrors(pattern: string, path: string): FieldError[] {
  if (pattern.length > FORM_LIMITS.pattern)
    return [failure(path, 'max_len', `must have at most ${FORM_LIMITS.pattern} characters`)];
  try {
    if (patternSize(pattern) <= FORM_LIMITS.patternSize) return [];
    return [failure(path, 'pattern', 'is too large: use shorter repetitions')];
  } catch (error) {
    const reason = error instanceof Error ? error.message : '';
    return [failure(path, 'pattern', `must be a pattern in RE2 syntax (${reason})`)];
  }
}

function sizeOf(fields: readonly FormField[]): number {
  return fields.reduce(
    (sum, { validation, fields: members = [] }) =>
      sum + (validation?.pattern === undefined ? 0 : patternSize(validation.pattern)) + sizeOf(members),
    0,
  );
}

function failure(path: string, code: string, what: string): FieldError {
  return { path, code, message: `${path} ${what}` };
}
