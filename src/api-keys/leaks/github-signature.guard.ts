import { verify } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { rawBodyOf } from '../../http/body/raw-body.js';
import { ResourceNotFound } from '../../kernel/errors/common-problems.js';
import { InvalidLeakSignature } from './leaks.problems.js';
import { ReporterKeys } from './reporter-keys.js';

export const KEY_IDENTIFIER_HEADER = 'github-public-key-identifier';
export const SIGNATURE_HEADER = 'github-public-key-signature';

const IDENTIFIER = /^[\w.-]{1,128}$/;
/** Two numbers of 32 bytes in DER are 72 bytes at most. */
const SIGNATURE = /^[A-Za-z0-9+/]{8,100}={0,2}$/;

/**
 * Lets reports in that GitHub has signed, before anything of them is looked at. A report that is sent again by somebody who overheard it is
 * let in too: it says nothing new, and does nothing twice.
 */
@Injectable()
export class GithubSignatureGuard implements CanActivate {
  constructor(private readonly keys: ReporterKeys) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (!this.keys.isOn) throw new ResourceNotFound();
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const identifier = headerOf(request, KEY_IDENTIFIER_HEADER, IDENTIFIER);
    const signature = headerOf(request, SIGNATURE_HEADER, SIGNATURE);
    const body = rawBodyOf(request);
    if (body === undefined) throw new InvalidLeakSignature();
    const key = await this.keys.find(identifier);
    const isSigned =
      key !== undefined && verify('sha256', body, { key, dsaEncoding: 'der' }, Buffer.from(signature, 'base64'));
    if (!isSigned) throw new InvalidLeakSignature();
    return true;
  }
}

/** @throws InvalidLeakSignature */
function headerOf({ headers }: FastifyRequest, name: string, form: RegExp): string {
  const value = headers[name];
  if (typeof value !== 'string' || !form.test(value)) throw new InvalidLeakSignature();
  return value;
}
