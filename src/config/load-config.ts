import { readFileSync } from 'node:fs';
import { Config, type ConfigValues } from './config.js';
import { type Mode, type Variable, VariableProblem } from './variable.js';
import { variables } from './variables.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Everything that is wrong with the environment, at once. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`the configuration cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

/** Exit status for a configuration error (sysexits.h EX_CONFIG). */
export const EXIT_CONFIG = 78;

const MODE = 'AUTHSOME_MODE';
/** Read by the test suite and the benches, not by the service. */
const FOREIGN = new Set(['AUTHSOME_TEST_DATABASE_URL']);

/**
 * Reads the environment. Pure but for the files that `…_FILE` variables name.
 * @throws ConfigError listing every problem.
 */
export function loadConfig(env: Environment): Config {
  const problems: string[] = [];
  const mode = readMode(env, problems);
  const values = mapVariables((variable) => read(variable, env, mode, problems)) as ConfigValues;
  problems.push(...unknownVariables(env));
  const named = new Set(problems.map(nameIn));
  const further = [...(mode === 'production' ? productionProblems(env, values) : []), ...crossProblems(values)];
  // What could not be read is not also called missing.
  problems.push(...further.filter((problem) => !named.has(nameIn(problem))));
  if (problems.length > 0) throw new ConfigError(problems);
  return new Config(mode, values);
}

/** The same configuration with some values replaced: for tests and for parts of start-up that fill in what was left open. */
export function withValues(config: Config, changes: { [S in keyof ConfigValues]?: Partial<ConfigValues[S]> }): Config {
  const values = Object.fromEntries(
    Object.keys(variables).map((slice) => [
      slice,
      { ...config[slice as keyof ConfigValues], ...changes[slice as keyof ConfigValues] },
    ]),
  ) as unknown as ConfigValues;
  return new Config(config.mode, values);
}

export function allVariables(): Variable<unknown>[] {
  return Object.values(variables).flatMap((slice) => Object.values(slice) as Variable<unknown>[]);
}

function mapVariables(work: (variable: Variable<unknown>) => unknown): unknown {
  return Object.fromEntries(
    Object.entries(variables).map(([slice, members]) => [
      slice,
      Object.fromEntries(
        Object.entries(members).map(([name, variable]) => [name, work(variable as Variable<unknown>)]),
      ),
    ]),
  );
}

function readMode(env: Environment, problems: string[]): Mode {
  const raw = env[MODE] ?? (env.NODE_ENV === 'production' ? 'production' : 'development');
  if (raw === 'development' || raw === 'production') return raw;
  problems.push(`${MODE} must be development or production`);
  return 'production';
}

function read(variable: Variable<unknown>, env: Environment, mode: Mode, problems: string[]): unknown {
  try {
    const raw = rawValue(variable, env);
    return raw === undefined ? variable.fallback(mode) : variable.parse(raw);
  } catch (error) {
    if (!(error instanceof VariableProblem)) throw error;
    problems.push(`${variable.name} ${error.message}`);
    return undefined;
  }
}

function rawValue(variable: Variable<unknown>, env: Environment): string | undefined {
  for (const name of [variable.name, ...variable.aliases]) {
    const value = env[name];
    const file = variable.secret ? env[`${name}_FILE`] : undefined;
    if (isSet(value) && isSet(file)) throw new VariableProblem(`and ${name}_FILE are both set; keep one`);
    if (isSet(file)) return readSecretFile(file);
    if (isSet(value)) return value;
  }
  return undefined;
}

/** Compose files and shells cannot unset a variable: an empty one counts as absent. */
function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

function readSecretFile(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch {
    throw new VariableProblem(`names a file that cannot be read: ${file}`);
  }
  if (text === '') throw new VariableProblem(`names a file that is empty: ${file}`);
  return text;
}

function unknownVariables(env: Environment): string[] {
  const known = new Set([MODE, ...FOREIGN]);
  for (const variable of allVariables()) {
    known.add(variable.name);
    if (variable.secret) known.add(`${variable.name}_FILE`);
  }
  return Object.keys(env)
    .filter((name) => name.startsWith('AUTHSOME_') && !known.has(name))
    .map((name) => `${name} is not a setting of this version; did you mean ${closest(name, known)}?`);
}

/** A key of one repeated byte, in whatever spelling, is a sample: fine to read about, not to deploy (R060). */
function isSampleKey(entry: string): boolean {
  const key = Buffer.from(entry.slice(entry.indexOf(':') + 1), 'base64');
  return key.length > 0 && key.every((byte) => byte === key[0]);
}

function productionProblems(env: Environment, values: ConfigValues): string[] {
  const problems: string[] = [];
  const demand = (present: boolean, problem: string): void => {
    if (!present) problems.push(problem);
  };
  for (const variable of allVariables()) {
    if (variable.seam && (isSet(env[variable.name]) || isSet(env[`${variable.name}_FILE`]))) {
      problems.push(`${variable.name} is a seam for tests and must not be set in production`);
    }
  }
  demand(values.database.url !== undefined, 'AUTHSOME_DATABASE_URL is required in production');
  demand(values.secrets.keyRing !== undefined, 'AUTHSOME_SECRETS is required in production');
  demand(values.http.publicUrl !== undefined, 'AUTHSOME_PUBLIC_URL is required in production');
  demand(values.mail.driver !== undefined, 'AUTHSOME_MAIL_DRIVER is required in production');
  demand(values.mail.driver !== 'mailbox', 'AUTHSOME_MAIL_DRIVER=mailbox is for development');
  demand(values.passwords.hashMemoryKib >= 19_456, 'AUTHSOME_HASH_MEMORY_KIB must be 19456 or more in production');
  demand(values.passwords.hashPasses >= 2, 'AUTHSOME_HASH_PASSES must be 2 or more in production');
  const ring = values.secrets.keyRing?.reveal().split(',') ?? [];
  demand(!ring.some(isSampleKey), 'AUTHSOME_SECRETS holds a sample key; make your own');
  return problems;
}

function crossProblems(values: ConfigValues): string[] {
  const problems: string[] = [];
  if (values.mail.driver === 'smtp' && values.mail.smtpUrl === undefined) {
    problems.push('AUTHSOME_SMTP_URL is required with AUTHSOME_MAIL_DRIVER=smtp');
  }
  if (values.billing.driver === 'openmeter' && values.billing.openmeterUrl === undefined) {
    problems.push('AUTHSOME_OPENMETER_URL is required with AUTHSOME_BILLING=openmeter');
  }
  if (values.billing.driver === 'stripe' && values.billing.stripeKey === undefined) {
    problems.push('AUTHSOME_STRIPE_KEY is required with AUTHSOME_BILLING=stripe');
  }
  if (values.keys.driver === 'unkey' && values.keys.unkeyRootKey === undefined) {
    problems.push('AUTHSOME_UNKEY_ROOT_KEY is required with AUTHSOME_KEYS=unkey');
  }
  if (values.keys.driver === 'unkey' && values.keys.unkeyApiId === '') {
    problems.push('AUTHSOME_UNKEY_API_ID is required with AUTHSOME_KEYS=unkey');
  }
  if (values.mail.driver === 'http' && values.mail.httpUrl === undefined) {
    problems.push('AUTHSOME_MAIL_HTTP_URL is required with AUTHSOME_MAIL_DRIVER=http');
  }
  if ((values.owner.email === undefined) !== (values.owner.password === undefined)) {
    problems.push('AUTHSOME_OWNER_EMAIL and AUTHSOME_OWNER_PASSWORD are set together');
  }
  return problems;
}

/** Every problem begins with the name of its variable. */
function nameIn(problem: string): string {
  return /^\w+/.exec(problem)?.[0] ?? '';
}

function closest(name: string, known: Iterable<string>): string {
  return [...known].reduce((best, candidate) => (distance(name, candidate) < distance(name, best) ? candidate : best));
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      row[j] = Math.min(
        (previous[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
    }
    previous = row;
  }
  return previous[b.length] as number;
}
