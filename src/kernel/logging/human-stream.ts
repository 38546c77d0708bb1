import type { DestinationStream } from 'pino';

const LEVELS: Readonly<Record<number, string>> = { 20: 'debug', 30: 'info ', 40: 'warn ', 50: 'error', 60: 'fatal' };

/** Rewrites pino's JSON lines for a person at a terminal. Values stay JSON-encoded, so a line cannot be forged (R303). */
export function humanStream(destination: DestinationStream): DestinationStream {
  return {
    write(line: string): void {
      const { level, time, event, ...fields } = JSON.parse(line) as Record<string, unknown>;
      const clock = typeof time === 'string' ? time.slice(11, 23) : '';
      const rest = Object.entries(fields).map(([name, value]) => `${name}=${printable(value)}`);
      destination.write(
        `${clock} ${LEVELS[level as number] ?? ''} ${printable(event)} ${rest.join(' ')}`.trimEnd() + '\n',
      );
    },
  };
}

/** What JSON leaves as it is and a terminal or a reader's eye obeys: C1 controls, line separators, changes of direction. */
const UNSEEN = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

function printable(value: unknown): string {
  const text = (JSON.stringify(value) ?? '').replace(
    UNSEEN,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return /^"[\w./:@-]+( [\w./:@-]+)*"$/.test(text) ? text.slice(1, -1) : text;
}
