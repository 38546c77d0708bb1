/** What a setting's values look like: the check of what is stored, and the schema that clients are shown. */
export interface SettingType<T> {
  /** As clients know it. */
  readonly name: 'bool' | 'int' | 'string' | 'list';
  /** How a form asks for it. */
  readonly input: 'switch' | 'number' | 'text' | 'select' | 'textarea';
  /** JSON Schema of a value. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** @returns what is wrong with `value`, as the end of a sentence; undefined for a value that may be stored. */
  check(value: unknown): string | undefined;
  /** Carries the type; never set. */
  readonly of?: T;
}

export const FLAG: SettingType<boolean> = {
  name: 'bool',
  input: 'switch',
  schema: { type: 'boolean' },
  check: (value) => (typeof value === 'boolean' ? undefined : 'must be true or false'),
};

/** A whole number of `least` to `most`. */
export function integer(least: number, most: number): SettingType<number> {
  return {
    name: 'int',
    input: 'number',
    schema: { type: 'integer', minimum: least, maximum: most },
    check: (value) =>
      Number.isInteger(value) && (value as number) >= least && (value as number) <= most
        ? undefined
        : `must be an integer of ${least} to ${most}`,
  };
}

/** A text of up to `longest` characters. */
export function text(longest: number, check?: (value: string) => string | undefined): SettingType<string> {
  return {
    name: 'string',
    input: 'text',
    schema: { type: 'string', maxLength: longest },
    check: (value) => {
      if (typeof value !== 'string' || value.includes('\0')) return 'must be a text';
      return [...value].length > longest ? `must have at most ${longest} characters` : check?.(value);
    },
  };
}

export function choice<const Option extends string>(options: readonly Option[]): SettingType<Option> {
  return {
    name: 'string',
    input: 'select',
    schema: { enum: [...options] },
    check: (value) =>
      (options as readonly unknown[]).includes(value) ? undefined : `must be one of ${options.join(', ')}`,
  };
}

/** A list of at most `most` texts, each of which `check` accepts. */
export function list(most: number, check: (entry: string) => string | undefined): SettingType<readonly string[]> {
  return {
    name: 'list',
    input: 'textarea',
    schema: { type: 'array', maxItems: most, items: { type: 'string' } },
    check: (value) => {
      if (!Array.isArray(value)) return 'must be a list';
      if (value.length > most) return `must have at most ${most} entries`;
      for (const entry of value as unknown[]) {
        const wrong = typeof entry === 'string' ? check(entry) : 'must hold texts';
        if (wrong !== undefined) return wrong;
      }
      return undefined;
    },
  };
}
