import { type KeyObject, sign } from 'node:crypto';

/** A compact JWS (RFC 7515) of whatever is given, well-formed or not: what a library would refuse to make. */
export function forge(header: object | string, payload: unknown, signatureOf: (input: string) => Buffer): string {
  const encode = (part: unknown): string =>
    Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${signatureOf(input).toString('base64url')}`;
}

/** ES256 as RFC 7518 §3.4 wants it. */
export const es256 = (key: KeyObject) => (input: string) =>
  sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });

/** Header and claims of a token, unverified. */
export function read(token: string): { header: Record<string, unknown>; claims: Record<string, unknown> } {
  const [header, claims] = token
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>);
  if (header === undefined || claims === undefined) throw new Error(`not a JWT: ${token}`);
  return { header, claims };
}
