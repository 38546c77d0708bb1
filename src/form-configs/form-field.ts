/** Where a form is filled in: when signing up, at each sign-in, and when one changes one's profile. */
export const FORM_TYPES = ['signup', 'signin', 'profile'] as const;
export type FormType = (typeof FORM_TYPES)[number];

export const FIELD_TYPES = [
  'text',
  'email',
  'number',
  'tel',
  'url',
  'date',
  'textarea',
  'select',
  'checkbox',
  'radio',
  'switch',
  'object_array',
] as const;
export type FieldType = (typeof FIELD_TYPES)[number];

export interface FieldOption {
  readonly value: string;
  readonly label: string;
}

/** Bounds include their ends; lengths are in characters. */
export interface FieldRules {
  readonly min_len?: number;
  readonly max_len?: number;
  /** RE2 syntax; somewhere in the value unless anchored. */
  readonly pattern?: string;
  readonly min?: number;
  readonly max?: number;
  readonly integer?: boolean;
  readonly min_items?: number;
  readonly max_items?: number;
}

/**
 * One question of a form. A form is a document of its app, kept, shown and promoted as it was written, so its members have the names of
 * the wire.
 */
export interface FormField {
  /** The key of the answer in the user's metadata. */
  readonly name: string;
  readonly label: string;
  readonly type: FieldType;
  readonly required: boolean;
  readonly description?: string;
  readonly placeholder?: string;
  /** Taken when nothing is answered. */
  readonly default?: unknown;
  /** Of `select` and `radio`. */
  readonly options?: readonly FieldOption[];
  /** Whether a `select` takes a list. */
  readonly multiple?: boolean;
  readonly validation?: FieldRules;
  /** Of `object_array`: the members of each object. */
  readonly fields?: readonly FormField[];
}

export const FORM_LIMITS = {
  fields: 50,
  options: 200,
  memberFields: 20,
  items: 50,
  /** Characters of an answer; of a `textarea`. */
  text: 1_024,
  longText: 10_000,
  pattern: 500,
  /**
   * Instructions of a compiled pattern, and of all patterns of a form. RE2 takes time linear in the length of the value times this size:
   * within these bounds the worst form takes tenths of a second (R348).
   */
  patternSize: 500,
  patternSizeOfForm: 2_000,
  /** Of all answers together, as JSON. */
  bytes: 65_536,
} as const;

const TEXTS: readonly FieldType[] = ['text', 'email', 'tel', 'url', 'textarea'];

export const isText = ({ type }: FormField): boolean => TEXTS.includes(type);
export const hasOptions = ({ type }: FormField): boolean => type === 'select' || type === 'radio';
export const isList = ({ type, multiple }: FormField): boolean =>
  type === 'object_array' || (type === 'select' && multiple === true);

/** How long an answer may be; shorter where a pattern has to be matched. */
export function longestAnswer({ type, validation }: FormField): number {
  const ceiling = type === 'textarea' && validation?.pattern === undefined ? FORM_LIMITS.longText : FORM_LIMITS.text;
  return Math.min(validation?.max_len ?? ceiling, ceiling);
}
