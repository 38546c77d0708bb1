import { createHash } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { TenantRecords } from '../../environments/tenant-records.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { KeyedSlots } from '../../kernel/crypto/keyed-slots.js';
import { Passwords } from '../../kernel/crypto/passwords.js';
import type { DomainError } from '../../kernel/errors/problem.js';
import type { Id } from '../../kernel/ids/id.js';
import { JobRunner } from '../../kernel/jobs/job-runner.js';
import { RateLimited } from '../../kernel/limits/rate-limits.js';
import {
  type AttemptState,
  FORGOTTEN_AFTER_MS,
  SignInAttemptsRepository,
  SignInAttemptsSystemRepository,
} from './sign-in-attempts.repository.js';

/** Whose password is tried, and from where. */
export interface AttemptSubject {
  /** The account, or what was typed to name one that does not exist: both are counted alike (R167). */
  readonly account: Id<'user'> | `name:${string}`;
  /** A device of the account that showed its secret: it has a count of its own, so strangers cannot lock its owner out (R159). */
  readonly knownDevice: string | undefined;
}

export interface LockoutState {
  readonly failures: number;
  readonly lastFailedAt?: Date;
  /** Absent: the account may be tried now. */
  readonly lockedUntil?: Date;
}

export interface AttemptOutcome {
  readonly matches: boolean;
  readonly upgrade?: string;
  /** Whether this failure locked the account. */
  readonly locked: boolean;
}

const HOUR_MS = 3_600_000;
const MOST_WAITING_PER_ACCOUNT = 100;
/** Stays below the failures that lock, on several replicas together: right passwords at the same time count until they are cleared. */
const MOST_AT_ONCE_PER_ACCOUNT = 2;

/**
 * Checks passwords for every path that takes one — sign-in, reauthentication, password change — under one count of failures per account
 * (R166).
 */
@Injectable()
export class Lockout implements OnModuleInit {
  /** More at once for one account would gain nothing, and would spend its attempts on tries that may all be right. */
  readonly #accounts: KeyedSlots;

  constructor(
    private readonly attempts: SignInAttemptsRepository,
    private readonly anyTenant: SignInAttemptsSystemRepository,
    private readonly tenants: TenantRecords,
    private readonly passwords: Passwords,
    private readonly runner: JobRunner,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {
    this.#accounts = new KeyedSlots(MOST_AT_ONCE_PER_ACCOUNT, MOST_WAITING_PER_ACCOUNT);
  }

  onModuleInit(): void {
    this.runner.every({
      name: 'sign_in_attempts.purge',
      everyMs: HOUR_MS,
      run: async () => void (await this.anyTenant.anyTenantPurge(this.clock.in(-FORGOTTEN_AFTER_MS))),
    });
  }

  /**
   * Checks a password, if the account may be tried now. A right one stays counted as a failure until {@link clear} or
   * {@link clearWithChange}, which `conclude` calls: it runs before the account's next try, so that many right ones at once lock nobody out.
   * @param stored the account's hash; undefined costs the same and never matches.
   * @throws RateLimited while the account is locked, also with the right password.
   */
  async check<T>(
    scope: EnvScope,
    subject: AttemptSubject,
    stored: string | undefined,
    password: string,
    conclude: (outcome: AttemptOutcome) => Promise<T>,
  ): Promise<T> {
    const key = keyOf(scope, subject);
    const { passwords } = await this.tenants.get(scope);
    const { failures: window, ...delays } = this.config.lockout;
    const rules = { ...delays, failures: { ...window, count: passwords.mostFailures } };
    return this.#accounts.run(key.toString('base64'), async () => {
      const failures = await this.attempts.begin(scope, key, rules, this.clock.now());
      if (failures === undefined) throw await this.refusal(scope, key);
      const check = await this.passwords.check(stored, password);
      return conclude({ ...check, locked: !check.matches && failures === passwords.mostFailures });
    });
  }

  /** What holds for whoever shows no known device of the account. */
  async state(scope: EnvScope, account: Id<'user'>): Promise<LockoutState> {
    const state = await this.attempts.read(scope, keyOf(scope, { account, knownDevice: undefined }));
    const nowMs = this.clock.nowMs();
    if (state === undefined || state.lastFailedAt.getTime() <= nowMs - FORGOTTEN_AFTER_MS) return { failures: 0 };
    const until = this.lockedUntil(state);
    const { failures, lastFailedAt } = state;
    return { failures, lastFailedAt, ...(until !== undefined && until.getTime() > nowMs && { lockedUntil: until }) };
  }

  /** Forgets the failures of a subject: the password was right, or its owner has proved control of the mailbox. */
  clear(scope: EnvScope, subject: AttemptSubject): Promise<void> {
    return this.attempts.clear(scope, keyOf(scope, subject));
  }

  /** As {@link clear}, with the transaction that the right password leads to: no round trip of its own. */
  clearWithChange(scope: EnvScope, subject: AttemptSubject): void {
    this.attempts.clearWithChange(scope, keyOf(scope, subject));
  }

  private async refusal(scope: EnvScope, key: Buffer): Promise<DomainError> {
    const state = await this.attempts.read(scope, key);
    const nowMs = this.clock.nowMs();
    const untilMs = (state && this.lockedUntil(state))?.getTime() ?? nowMs + 1_000;
    return new RateLimited({ extras: { retry_after: Math.max(1, Math.ceil((untilMs - nowMs) / 1_000)) } });
  }

  private lockedUntil({ failures, lastFailedAt, blockedUntil }: AttemptState): Date | undefined {
    const exhausted = failures >= this.config.lockout.mostFailures;
    return exhausted ? new Date(lastFailedAt.getTime() + FORGOTTEN_AFTER_MS) : (blockedUntil ?? undefined);
  }
}

function keyOf(scope: EnvScope, { account, knownDevice }: AttemptSubject): Buffer {
  return createHash('sha256')
    .update([scope.envId, account, knownDevice ?? ''].join('\0'))
    .digest();
}
