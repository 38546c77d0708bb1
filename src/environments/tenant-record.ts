import type { TokenFormat } from '../apps/tenant-settings.js';
import type { ResolvedTenant } from '../http/tenancy/tenant-directory.js';
import type { RateLimit } from '../kernel/limits/rate-limits.js';

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

/** What an environment demands of passwords and of those who try them. */
export interface PasswordRules {
  readonly leastLength: number;
  /** Wrong passwords before an account must wait. */
  readonly mostFailures: number;
}

/** Everything requests need to know about their environment, read together and cached together. */
export interface TenantRecord extends ResolvedTenant {
  /** What mails and clients call the app. */
  readonly appName: string;
  readonly logoUrl: string | undefined;
  readonly isPlatform: boolean;
  /** Whether the app takes requests. */
  readonly active: boolean;
  readonly sessions: SessionPolicy;
  readonly client: ClientPolicy;
  readonly passwords: PasswordRules;
  /** How long a deleted user can be restored, in milliseconds. */
  readonly deletedUsersKeptMs: number;
  /** Limits of its own, per client address, besides the deployment's. */
  readonly limits: { readonly signIn: RateLimit | undefined; readonly signUp: RateLimit | undefined };
}
