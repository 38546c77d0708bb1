import { Injectable } from '@nestjs/common';
import type { TokenFormat } from '../apps/tenant-settings.js';
import { hashToken } from '../kernel/crypto/token.js';
import { AccessJwts } from './access-jwt.js';
import type { SessionEntity } from './session.entity.js';
import { SessionTokens } from './session-tokens.js';

/** The tokens of one generation of a session, as its client gets them. */
export interface IssuedTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresAt: Date;
  readonly refreshTokenExpiresAt: Date;
}

/** Characters of the access secret that a JWT carries as `jti`: 128 bits, enough to look a session up by and too many to guess. */
const JTI_LENGTH = 32;

/** Turns a session row into the tokens that open it. The same row always gives the same opaque tokens. */
@Injectable()
export class TokenIssuer {
  constructor(
    private readonly tokens: SessionTokens,
    private readonly jwts: AccessJwts,
  ) {}

  get activeKeyId(): string {
    return this.tokens.activeKeyId;
  }

  newLocator(): Buffer {
    return this.tokens.newLocator();
  }

  /** What the row stores of the access token of `generation`. */
  accessHash(locator: Buffer, generation: number, format: TokenFormat): Buffer {
    const secret = this.tokens.access(locator, generation, this.tokens.activeKeyId) as string;
    return hashToken(handleOf(secret, format));
  }

  /** @returns undefined when the master key the tokens were derived with has left the ring. */
  async issue(session: SessionEntity): Promise<IssuedTokens | undefined> {
    const { locator, keyId, tokenFormat } = session;
    const secret = this.tokens.access(locator, session.accessGeneration, keyId);
    const refreshToken = this.tokens.refresh(locator, session.refreshGeneration, keyId);
    if (secret === undefined || refreshToken === undefined) return undefined;
    const handle = handleOf(secret, tokenFormat);
    return {
      accessToken: tokenFormat === 'jwt' ? await this.jwts.sign(session, handle) : handle,
      refreshToken,
      expiresAt: session.expiresAt,
      refreshTokenExpiresAt: session.refreshTokenExpiresAt,
    };
  }
}

function handleOf(secret: string, format: TokenFormat): string {
  return format === 'jwt' ? secret.slice(0, JTI_LENGTH) : secret;
}
