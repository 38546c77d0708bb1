import { Secret } from '../kernel/crypto/secret.js';

export type Mode = 'development' | 'production';

/** `count` events per `windowMs`. Written `30/1m`. */
export interface Limit {
  readonly count: number;
  readonly windowMs: number;
}

/** One environment variable: its name, how it is read, its default and what it is for. Documentation is produced from it. */
export interface Variable<T> {
  readonly name: string;
  /** Other names that are accepted, in order of preference after `name`. */
  readonly aliases: readonly string[];
  readonly doc: string;
  /** How the type is named in the documentation. */
  readonly type: string;
  /** Whether the value is a secret: also read from `<name>_FILE`, never echoed. */
  readonly secret: boolean;
  /** A seam for tests: its presence stops a start in production mode. */
  readonly seam: boolean;
  parse(raw: string): T;
  fallback(mode: Mode): T;
  /** The default as written in the documentation, per mode; empty when there is none. */
  shown(mode: Mode): string;
}

interface Settings<T, Default> {
  readonly doc: string;
  /** As it would be written in the environment; a function where the two modes differ. */
  readonly default: Default;
  /** How the documentation writes a default that depends on the machine. */
  readonly shown?: string;
  readonly aliases?: readonly string[];
  readonly seam?: boolean;
  readonly check?: (value: T) => string | undefined;
}

/** A value that cannot be used; the message says what would be right and never repeats a secret. */
export class VariableProblem extends Error {}

type Written = string | ((mode: Mode) => string | undefined) | undefined;

function define<T, D extends Written>(
  name: string,
  type: string,
  secret: boolean,
  settings: Settings<T, D>,
  read: (raw: string) => T,
): Variable<undefined extends (D extends (mode: Mode) => infer R ? R : D) ? T | undefined : T> {
  const written = (mode: Mode): string | undefined =>
    typeof settings.default === 'function' ? settings.default(mode) : settings.default;
  const parse = (raw: string): T => {
    const value = read(raw.trim());
    const problem = settings.check?.(value);
    if (problem !== undefined) throw new VariableProblem(problem);
    return value;
  };
  return {
    name,
    type,
    secret,
    doc: settings.doc,
    aliases: settings.aliases ?? [],
    seam: settings.seam ?? false,
    parse,
    fallback: (mode) => {
      const text = written(mode);
      return (text === undefined ? undefined : parse(text)) as T;
    },
    shown: (mode) => settings.shown ?? written(mode) ?? '',
  };
}

export function text<D extends Written>(name: string, settings: Settings<string, D>) {
  return define(name, 'text', false, settings, (raw) => raw);
}

export function secret<D extends Written>(name: string, settings: Settings<Secret, D>) {
  return define(name, 'secret', true, settings, (raw) => new Secret(raw));
}

export function choice<const Option extends string, D extends Written>(
  name: string,
  options: readonly Option[],
  settings: Settings<Option, D>,
) {
  return define(name, options.join(' \\| '), false, settings, (raw) => {
    if (!(options as readonly string[]).includes(raw))
      throw new VariableProblem(`must be one of ${options.join(', ')}`);
    return raw as Option;
  });
}

export function flag<D extends Written>(name: string, settings: Settings<boolean, D>) {
  return define(name, 'true \\| false', false, settings, (raw) => {
    if (raw !== 'true' && raw !== 'false') throw new VariableProblem('must be true or false');
    return raw === 'true';
  });
}

export function integer<D extends Written>(
  name: string,
  range: readonly [least: number, most: number],
  settings: Settings<number, D>,
) {
  return define(name, `integer, ${range[0]} to ${range[1]}`, false, settings, (raw) => {
    const value = Number(raw);
    if (!/^\d+$/.test(raw) || value < range[0] || value > range[1]) {
      throw new VariableProblem(`must be an integer from ${range[0]} to ${range[1]}`);
    }
    return value;
  });
}

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DURATION = /^(\d+)(ms|s|m|h|d)$/;

/** @returns milliseconds, or undefined when `raw` is not a duration. */
function durationMs(raw: string): number | undefined {
  const match = DURATION.exec(raw);
  return match === null ? undefined : Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}

/** A duration such as `30s`, `15m`, `24h`, `30d`; in milliseconds once read. `range` is written the same way. */
export function duration<D extends Written>(
  name: string,
  range: readonly [least: string, most: string],
  settings: Settings<number, D>,
) {
  const [least, most] = range.map((bound) => durationMs(bound) as number) as [number, number];
  return define(name, `duration, ${range[0]} to ${range[1]}`, false, settings, (raw) => {
    const value = durationMs(raw);
    if (value === undefined) throw new VariableProblem('must be a duration such as 30s, 15m, 24h or 30d');
    if (value < least || value > most) throw new VariableProblem(`must be from ${range[0]} to ${range[1]}`);
    return value;
  });
}

/** A rate such as `30/1m`: thirty in a minute. */
export function limit<D extends Written>(name: string, settings: Settings<Limit, D>) {
  return define(name, 'limit, such as 30/1m', false, settings, (raw): Limit => {
    const [count, window, ...more] = raw.split('/');
    const windowMs = durationMs(window ?? '');
    if (more.length > 0 || !/^[1-9]\d{0,8}$/.test(count ?? '') || windowMs === undefined || windowMs < 1_000) {
      throw new VariableProblem('must be <count>/<window>, such as 30/1m, with a window of a second or more');
    }
    return { count: Number(count), windowMs };
  });
}

/** A size in bytes such as `256kb` or `1mb`. */
export function size<D extends Written>(name: string, settings: Settings<number, D>) {
  return define(name, 'size, such as 256kb', false, settings, (raw) => {
    const match = /^(\d+)(b|kb|mb)$/i.exec(raw);
    if (match === null) throw new VariableProblem('must be a size such as 256kb or 1mb');
    return (
      Number(match[1]) * { b: 1, kb: 1_024, mb: 1_048_576 }[(match[2] as string).toLowerCase() as 'b' | 'kb' | 'mb']
    );
  });
}

export function url<D extends Written>(name: string, protocols: readonly string[], settings: Settings<URL, D>) {
  return define(name, `URL (${protocols.join(', ')})`, false, settings, (raw) => parseUrl(raw, protocols));
}

/** A URL that carries a password: read as a secret. */
export function secretUrl<D extends Written>(
  name: string,
  protocols: readonly string[],
  settings: Settings<Secret, D>,
) {
  return define(name, `URL (${protocols.join(', ')})`, true, settings, (raw) => {
    parseUrl(raw, protocols);
    return new Secret(raw);
  });
}

export function list<D extends Written>(name: string, settings: Settings<readonly string[], D>) {
  return define(name, 'comma-separated list', false, settings, (raw): readonly string[] =>
    raw
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ''),
  );
}

function parseUrl(raw: string, protocols: readonly string[]): URL {
  const parsed = URL.canParse(raw) ? new URL(raw) : undefined;
  if (parsed === undefined || !protocols.includes(parsed.protocol.replace(':', ''))) {
    throw new VariableProblem(`must be a URL that starts with ${protocols.map((p) => `${p}://`).join(' or ')}`);
  }
  return parsed;
}
