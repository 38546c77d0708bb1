import type { TokenFormat } from '../apps/session-config.entity.js';
import type { ResolvedTenant } from '../http/tenancy/tenant-directory.js';
import type { EnvironmentType } from './environment.entity.js';

/** How sessions of an environment behave, with every level resolved. */
export interface SessionPolicy {
  readonly tokenFormat: TokenFormat;
  readonly accessTokenTtlMs: number;
  readonly refreshTokenTtlMs: number;
  /** Live sessions per user; 0: no cap. */
  readonly mostActive: number;
  readonly rotateRefreshToken: boolean;
  readonly bindToIp: boolean;
  readonly bindToDevice: boolean;
}

/** What an environment offers its users, with every level resolved. */
export interface ClientPolicy {
  readonly signupEnabled: boolean;
  readonly passwordEnabled: boolean;
  readonly requireEmailVerification: boolean;
}

/** Everything requests need to know about their environment, read together and cached together. */
export interface TenantRecord extends ResolvedTenant {
  /** What mails and clients call the app. */
  readonly appName: string;
  readonly logoUrl: string | undefined;
  readonly isPlatform: boolean;
  readonly environmentType: EnvironmentType;
  readonly sessions: SessionPolicy;
  readonly client: ClientPolicy;
}
