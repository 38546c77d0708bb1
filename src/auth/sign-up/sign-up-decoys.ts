import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import type { TenantRecord } from '../../environments/tenant-record.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { ClientInfo } from '../../kernel/context/client-info.js';
import { randomToken } from '../../kernel/crypto/token.js';
import { IdGenerator } from '../../kernel/ids/id.js';
import type { SessionEntity } from '../../sessions/session.entity.js';
import type { UserEntity } from '../../users/user.entity.js';
import type { SignedUp, SignUpInput } from './sign-up.service.js';

const REFRESH_TOKEN_BYTES = 52;
const SIGNATURE_BYTES = 64;

/**
 * The answer to a sign-up with an address that has an account: of the same shape as a real one, with tokens that open nothing. Where sign-up
 * gives no session until the address is verified, nothing tells the two apart; elsewhere only trying the token does (docs/security.md).
 */
@Injectable()
export class SignUpDecoys {
  constructor(
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  make(tenant: TenantRecord, input: SignUpInput, client: ClientInfo): SignedUp {
    const user = this.user(tenant, input);
    if (tenant.client.requireEmailVerification) return { user };
    const { sessions } = tenant;
    const absoluteMs = this.config.sessions.absoluteTtlMs;
    // As a real sign-up: an empty agent registers no device.
    const saysSomething = (client.fingerprint ?? client.userAgent ?? '') !== '';
    return {
      user,
      issued: {
        user,
        session: { id: this.ids.next('session'), userId: user.id } as SessionEntity,
        tokens: {
          accessToken: sessions.tokenFormat === 'jwt' ? this.jwt(tenant, user) : randomToken(),
          refreshToken: randomBytes(REFRESH_TOKEN_BYTES).toString('hex'),
          expiresAt: this.clock.in(Math.min(sessions.accessTokenTtlMs, absoluteMs)),
          refreshTokenExpiresAt: this.clock.in(Math.min(sessions.refreshTokenTtlMs, absoluteMs)),
        },
        ...(saysSomething ? { deviceToken: randomToken() } : {}),
      },
    };
  }

  private user({ scope }: TenantRecord, input: SignUpInput): UserEntity {
    const now = this.clock.now();
    return {
      id: this.ids.next('user'),
      appId: scope.appId,
      envId: scope.envId,
      email: input.email,
      emailVerified: false,
      phone: null,
      phoneVerified: false,
      username: input.username?.canonical ?? null,
      displayUsername: input.username?.display ?? null,
      firstName: input.firstName,
      lastName: input.lastName,
      image: null,
      metadata: asStored(input.metadata),
      externalId: null,
      resetRequiredAt: null,
      passwordChangedAt: now,
      banned: false,
      banReason: null,
      banExpires: null,
      deletedAt: null,
      erasedAt: null,
      authEpoch: 1,
      version: 1,
      createdAt: now,
      updatedAt: now,
    };
  }

  /** Looks like a token and verifies as none: a valid signature over a person who does not exist would be a credential somewhere. */
  private jwt({ scope, sessions }: TenantRecord, user: UserEntity): string {
    const iat = Math.floor(this.clock.nowMs() / 1_000);
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const header = { alg: this.config.sessions.jwtAlgorithm, kid: this.ids.next('signing_key'), typ: 'at+jwt' };
    const payload = {
      sid: this.ids.next('session'),
      env_id: scope.envId,
      iss: this.config.http.publicUrl?.href.replace(/\/$/, ''),
      sub: user.id,
      aud: scope.appId,
      iat,
      exp: iat + Math.floor(sessions.accessTokenTtlMs / 1_000),
      jti: randomToken().slice(0, 32),
    };
    return `${part(header)}.${part(payload)}.${randomBytes(SIGNATURE_BYTES).toString('base64url')}`;
  }
}

/** PostgreSQL keeps the members of a jsonb object by length and then by bytes, and a real answer shows them so. */
function asStored<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map((item: unknown) => asStored(item)) as Value;
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, asStored<unknown>(member)])) as Value;
}
