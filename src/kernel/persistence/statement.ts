/** A hand-written statement with a stable name: prepared once per connection, counted by name in the metrics. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  /**
   * Planned anew for each run, with the values in sight: for filters that are mostly absent (`$3 IS NULL OR …`), where one plan for all
   * would read everything.
   */
  readonly replanned?: boolean;
}

/** A statement of one environment: `$1` is its app, `$2` the environment. Refused at import when it filters by neither. */
export interface EnvStatement extends Statement {
  readonly scoped: 'env';
}

/** A statement of one app: `$1` is the app. Refused at import when it does not filter by it. */
export interface AppStatement extends Statement {
  readonly scoped: 'app';
}

export function statement(name: string, text: string): Statement {
  return { name, text };
}

export function envStatement(name: string, text: string, options: { replanned?: boolean } = {}): EnvStatement {
  if (!/app_id\s*=\s*\$1\b|\(\s*\$1\b/.test(text) || !/env_id\s*=\s*\$2\b|,\s*\$2\b/.test(text)) {
    throw new Error(`statement ${name} must name app_id as $1 and env_id as $2`);
  }
  return { name, text, ...options, scoped: 'env' };
}

export function appStatement(name: string, text: string, options: { replanned?: boolean } = {}): AppStatement {
  if (!/app_id\s*=\s*\$1\b|\(\s*\$1\b/.test(text)) throw new Error(`statement ${name} must name app_id as $1`);
  return { name, text, ...options, scoped: 'app' };
}
