import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import { Config } from '../config/config.js';
import { JsonRefused, parseStrictJson } from '../http/body/strict-json.js';
import { Clock } from '../kernel/clock/clock.js';
import type { SessionEntity } from './session.entity.js';
import { SigningKeys } from './signing-keys.js';

/** RFC 9068 §2.1: tells an access token from every other JWT of this issuer (R051). */
const TYPE = 'at+jwt';
const OWN_HEADER: ReadonlySet<string> = new Set(['alg', 'kid', 'typ']);
/** What is thrown at a token that is none. */
const BROKEN_TOKEN = [errors.JOSEError, JsonRefused, TypeError, SyntaxError] as const;
const LONGEST_TOKEN = 4_096;
const MOST_VERIFIED = 20_000;

export interface AccessClaims {
  readonly jti: string;
  readonly sid: string;
  readonly sub: string;
  readonly aud: string;
  readonly expiresAtMs: number;
}

/** Whether a verified token speaks of the session that its `jti` finds: not of another session, person or app (RFC 8725 §3.8, §3.9). */
export function speaksOf(
  claims: AccessClaims,
  session: { readonly id: string; readonly userId: string; readonly appId: string },
): boolean {
  return claims.sid === session.id && claims.sub === session.userId && claims.aud === session.appId;
}

/**
 * JWT access tokens (RFC 9068) for apps that ask for them. To this service they are a signed envelope around a `jti` that is looked up like
 * an opaque token, so a revoked session is refused at once (R058); only other services, which see just the signature, live with the tail
 * until `exp`.
 */
@Injectable()
export class AccessJwts {
  /** Signature checks by token hash: bounded, so that distinct tokens cannot fill the memory (R059). */
  readonly #verified = new LRUCache<string, AccessClaims>({ max: MOST_VERIFIED });
  readonly #issuer: string;

  constructor(
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {
    this.#issuer = config.http.publicUrl?.href.replace(/\/$/, '') ?? '';
  }

  /** @param jti the handle by which the session is found. No personal data goes into the token (R057). */
  async sign(session: SessionEntity, jti: string): Promise<string> {
    const { kid, algorithm, key } = await this.keys.signingKey();
    return new SignJWT({
      sid: session.id,
      env_id: session.envId,
      ...organizationClaim(session),
      ...actorClaim(session),
    })
      .setProtectedHeader({ alg: algorithm, kid, typ: TYPE })
      .setIssuer(this.#issuer)
      .setSubject(session.userId)
      .setAudience(session.appId)
      .setIssuedAt(Math.floor(session.rotatedAt.getTime() / 1_000))
      .setExpirationTime(Math.floor(session.expiresAt.getTime() / 1_000))
      .setJti(jti)
      .sign(key);
  }

  /** @returns undefined for anything but a current access token of this issuer with a good signature. */
  async verify(token: string): Promise<AccessClaims | undefined> {
    if (token.length > LONGEST_TOKEN) return undefined;
    const slot = hash('sha256', token, 'base64');
    const known = this.#verified.get(slot);
    const claims = known ?? (await this.check(token));
    if (claims === undefined || claims.expiresAtMs <= this.clock.nowMs()) return undefined;
    if (known === undefined) this.#verified.set(slot, claims);
    // A key withdrawn meanwhile takes its tokens with it.
    if (known !== undefined && (await this.keyOf(token)) === undefined) return undefined;
    return claims;
  }

  private async check(token: string): Promise<AccessClaims | undefined> {
    try {
      const verification = await this.keyOf(token);
      if (verification === undefined) return undefined;
      const { payload } = await jwtVerify(token, verification.key, {
        // The algorithm belongs to the key, never to the token (RFC 8725 §3.1).
        algorithms: [verification.algorithm],
        typ: TYPE,
        issuer: this.#issuer,
        currentDate: this.clock.now(),
        clockTolerance: `${this.config.sessions.clockLeewayMs / 1_000} seconds`,
        requiredClaims: ['sub', 'aud', 'exp', 'iat', 'jti', 'sid'],
      });
      if (!isOwnForm(token)) return undefined;
      const { sub, aud, exp, iat, jti, sid } = payload;
      const issuedAhead = (iat as number) * 1_000 > this.clock.nowMs() + this.config.sessions.clockLeewayMs;
      if (issuedAhead || !isText(sub) || !isText(aud) || !isText(jti) || !isText(sid)) return undefined;
      return { jti, sid, sub, aud, expiresAtMs: (exp as number) * 1_000 };
    } catch (error) {
      // jose refuses with its own errors; a token so broken that it throws another one is no less invalid (R053).
      if (BROKEN_TOKEN.some((kind) => error instanceof kind)) return undefined;
      throw error;
    }
  }

  private async keyOf(token: string) {
    const { kid } = decodeProtectedHeader(token);
    return kid === undefined ? undefined : this.keys.verificationKey(kid);
  }
}

/** The organization that the session acted for when the token was made; whether its owner still belongs to it, only the service knows. */
function organizationClaim({ orgId }: SessionEntity): { org_id?: string } {
  return orgId === null ? {} : { org_id: orgId };
}

/**
 * Other header parameters ask the verifier to fetch or to believe something (`jku`, `x5u`, `jwk`, `crit`; RFC 8725 §3.10), and a name that
 * stands twice is read in two ways by two parsers (R053). This service writes neither.
 */
function isOwnForm(token: string): boolean {
  const [header] = token
    .split('.')
    .slice(0, 2)
    .map((part) => parseStrictJson(Buffer.from(part, 'base64url')));
  return Object.keys(header as object).every((name) => OWN_HEADER.has(name));
}

/** Who acts for the subject (RFC 8693 §4.1): the operator of an impersonation. */
export function actorClaim({ impersonatedBy }: { readonly impersonatedBy: string | null }): { act?: { sub: string } } {
  return impersonatedBy === null ? {} : { act: { sub: impersonatedBy } };
}

/** A claim of another type is of no token that this service has made. */
function isText(claim: unknown): claim is string {
  return typeof claim === 'string';
}
