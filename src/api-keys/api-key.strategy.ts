import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Config } from '../config/config.js';
import { KeyNotAccepted } from '../http/access/access.problems.js';
import { addressBucket } from '../http/security/client-address.js';
import { AuthenticationStrategy } from '../http/authentication/authentication-strategies.js';
import type { KeyPrincipal } from '../kernel/context/principal.js';
import { SERVICE_KEYS, type KeyManager, type LimitState, type ValidatedKey } from '../keys-bridge/key-manager.js';
import { looksLikeKey } from './key-format.js';

const HEADER = 'x-api-key';

/** API keys: as a bearer token, or in `X-API-Key`. Never from the query, which ends up in logs and histories. */
@Injectable()
export class ApiKeyStrategy extends AuthenticationStrategy {
  readonly name = 'api-key';

  constructor(
    @Inject(SERVICE_KEYS) private readonly keys: KeyManager,
    private readonly config: Config,
  ) {
    super();
  }

  authenticate(request: FastifyRequest): void {
    const { verdict } = this;
    const rawKey = presentedKey(request, this.config.keys.foreignPrefixes);
    if (rawKey === undefined) return verdict.pass();
    const validated = this.check(rawKey, request);
    if (!(validated instanceof Promise)) return verdict.success(principalOf(validated));
    validated.then((key) => verdict.success(principalOf(key)), verdict.error);
  }

  private check(rawKey: string, request: FastifyRequest): ValidatedKey | Promise<ValidatedKey> {
    const { requiredScopes, ipAddress } = request.authsome;
    if (requiredScopes === undefined) throw new KeyNotAccepted();
    const { method, routeOptions, headers } = request;
    return this.keys.validateKey(rawKey, {
      requiredScopes,
      method,
      path: request.url.split('?', 1)[0] as string,
      tag: `${method} ${routeOptions.url ?? ''}`,
      ...(ipAddress === undefined ? {} : { ip: ipAddress, presenter: addressBucket(ipAddress) }),
      ...(headers.origin === undefined ? {} : { origin: headers.origin }),
    });
  }
}

function presentedKey(
  { authsome: { credential }, headers }: FastifyRequest,
  foreignPrefixes: readonly string[],
): string | undefined {
  if (credential !== undefined) return looksLikeKey(credential.value, foreignPrefixes) ? credential.value : undefined;
  const header = headers[HEADER];
  return typeof header === 'string' && header !== '' ? header : undefined;
}

function principalOf(key: ValidatedKey): KeyPrincipal {
  const { id, owner, scope, grace, limits } = key;
  return {
    kind: 'key',
    scope,
    keyId: id,
    ownerKind: owner.kind,
    ownerId: owner.id,
    grace,
    key,
    limit: closest(limits),
  };
}

function closest(limits: readonly LimitState[]): LimitState | undefined {
  let nearest = limits[0];
  for (const limit of limits) if (limit.remaining < (nearest as LimitState).remaining) nearest = limit;
  return nearest;
}
