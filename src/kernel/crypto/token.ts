import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 random bits as 64 hexadecimal characters: the form of every bearer secret that the service draws. */
export function randomToken(): string {
  return randomBytes(32).toString('hex');
}

/** What is stored of a bearer secret. SHA-256 is enough for a value of 128 or more random bits (R307). */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Compares two values of any length without telling where they differ (R155). */
export function equalInConstantTime(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
