/** What a body may be made of. */
export interface JsonLimits {
  readonly mostDepth: number;
  readonly mostMembers: number;
}

export const JSON_LIMITS: JsonLimits = { mostDepth: 32, mostMembers: 10_000 };

/** Says what is wrong with a body, in words for its sender. */
export class JsonRefused extends Error {}

const FORBIDDEN_NAMES = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * JSON for untrusted input (RFC 8259, I-JSON RFC 7493): UTF-8 only, no duplicate names (two parsers would read two values), no NUL and no
 * lone surrogate (PostgreSQL cannot store them), no number that overflows, no prototype names, bounded depth and size (R326, R329, R330).
 * @throws JsonRefused
 */
export function parseStrictJson(bytes: Buffer, limits: JsonLimits = JSON_LIMITS): unknown {
  const text = decode(bytes);
  scan(text, limits);
  try {
    return JSON.parse(text, refuseOverflow) as unknown;
  } catch (error) {
    throw error instanceof JsonRefused ? error : new JsonRefused('the body is not valid JSON');
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

function decode(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new JsonRefused('the body is not valid UTF-8');
  }
}

function refuseOverflow(_name: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new JsonRefused('a number is too large');
  return value;
}

/** One pass over the text, before anything is built: counts, depth, and the names of every object. Grammar is left to JSON.parse. */
function scan(text: string, { mostDepth, mostMembers }: JsonLimits): void {
  const names: (Set<string> | undefined)[] = [];
  let members = 0;
  let expectName = false;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case 0x7b: // {
      case 0x5b: // [
        if (names.length === mostDepth) throw new JsonRefused(`the body is nested deeper than ${mostDepth} levels`);
        expectName = text[at] === '{';
        names.push(expectName ? new Set() : undefined);
        break;
      case 0x7d: // }
      case 0x5d: // ]
        names.pop();
        expectName = false;
        break;
      case 0x2c: // ,
        members += 1;
        if (members > mostMembers) throw new JsonRefused(`the body has more than ${mostMembers} members`);
        expectName = names.at(-1) !== undefined;
        break;
      case 0x22: {
        // "
        const end = endOfString(text, at);
        const value = readString(text, at, end);
        if (expectName) noteName(names.at(-1), value);
        expectName = false;
        at = end;
        break;
      }
    }
  }
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === 0x5c) at += 1;
    else if (char === 0x22) return at;
  }
  throw new JsonRefused('the body is not valid JSON');
}

function readString(text: string, start: number, end: number): string {
  const raw = text.slice(start, end + 1);
  let value = raw.slice(1, -1);
  if (raw.includes('\\')) {
    try {
      value = JSON.parse(raw) as string;
    } catch {
      throw new JsonRefused('the body is not valid JSON');
    }
  }
  if (value.includes('\0')) throw new JsonRefused('a text contains the NUL character');
  if (!value.isWellFormed()) throw new JsonRefused('a text contains half of a surrogate pair');
  return value;
}

function noteName(names: Set<string> | undefined, name: string): void {
  if (names === undefined) return;
  if (FORBIDDEN_NAMES.has(name)) throw new JsonRefused(`the name ${name} is not allowed`);
  if (names.has(name))
    throw new JsonRefused(`the name ${JSON.stringify(name.slice(0, 50))} appears twice in one object`);
  names.add(name);
}
