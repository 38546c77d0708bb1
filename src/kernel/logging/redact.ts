/** Names of members whose values never reach a log line, whatever object they sit in. */
const SECRET_NAME =
  /pass(word|phrase)|secret|token|authorization|cookie|api[-_]?key|credential|^code$|otp|hash|seed|private|sealed/i;
/** Personal data is logged by id, not by value. */
const PERSONAL_NAME = /^(e?mail|phone|first_name|last_name|firstName|lastName|username|identifier|to)$/i;

const MOST_DEPTH = 5;
const MOST_ENTRIES = 50;
const LONGEST_TEXT = 2_000;

export const REDACTED = '[redacted]';

/** A copy of `value` that is safe to log: secrets and personal data replaced, errors unfolded, size bounded. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Error) return redactError(value, depth);
  if (Buffer.isBuffer(value) || depth >= MOST_DEPTH) return '[…]';
  if (Array.isArray(value)) return value.slice(0, MOST_ENTRIES).map((entry) => redact(entry, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, MOST_ENTRIES)
      .map(([name, entry]) => [
        name,
        SECRET_NAME.test(name) || PERSONAL_NAME.test(name) ? REDACTED : redact(entry, depth + 1),
      ]),
  );
}

/**
 * Only the parts of an error that cannot carry a caller's data: drivers attach statements and parameters to theirs. The stack is kept
 * of the error that was logged, itself or as a field; its causes are named.
 */
function redactError(error: Error, depth: number): Record<string, unknown> {
  const { code, constraint } = error as Error & { code?: unknown; constraint?: unknown };
  return {
    name: error.name,
    message: redact(error.message),
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof constraint === 'string' ? { constraint } : {}),
    ...(depth <= 1 && error.stack !== undefined ? { stack: redact(error.stack) } : {}),
    ...(error.cause === undefined || depth >= MOST_DEPTH ? {} : { cause: redact(error.cause, depth + 1) }),
  };
}
