import type { Answer } from '../../support/api-client.js';

/** Of these the value may differ between two answers that tell nothing: drawn anew, or counted down, for every request. */
const CHANGING_HEADERS = new Set(['x-request-id', 'date', 'ratelimit', 'etag']);

/** Values that are drawn at random, with their length kept. */
const DRAWN: readonly (readonly [RegExp, string])[] = [
  [/\b([a-z]{2,5}_)[0-9a-hjkmnp-tv-z]{26}\b/g, '$1<26>'],
  [/"[0-9a-f]{104}"/g, '"<104>"'],
  [/"[0-9a-f]{64}"/g, '"<64>"'],
  [/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '<uuid>'],
];

/**
 * All of an answer that a caller can see — status, header names and values, body and its length — as one text, with drawn values replaced.
 * Two answers that must not be told apart have the same text.
 */
export function comparable({ status, headers, text }: Answer): string {
  const lines = Object.entries(headers)
    .map(([name, value]) => `${name}: ${CHANGING_HEADERS.has(name) ? '<any>' : JSON.stringify(value)}`)
    .sort();
  return [String(status), ...lines, String(Buffer.byteLength(text)), masked(text)].join('\n');
}

/** A text with what was drawn at random replaced, its length kept in sight. */
export function masked(text: string): string {
  return DRAWN.reduce((left, [pattern, replacement]) => left.replace(pattern, replacement), text);
}
