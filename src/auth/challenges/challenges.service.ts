import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { Clock } from '../../kernel/clock/clock.js';
import { type EnvScope, sameTenant, scopeTo } from '../../kernel/context/scope.js';
import { OneTimeCodes } from '../../kernel/crypto/one-time-code.js';
import { hashToken, randomToken } from '../../kernel/crypto/token.js';
import { defineProblem } from '../../kernel/errors/problem.js';
import { Events } from '../../kernel/events/events.js';
import { IdGenerator, type Id } from '../../kernel/ids/id.js';
import { JobRunner } from '../../kernel/jobs/job-runner.js';
import { RateLimits } from '../../kernel/limits/rate-limits.js';
import { CHALLENGE_PURPOSES, type ChallengeEntity, type ChallengePurpose } from './challenge.entity.js';
import { ChallengesRepository } from './challenges.repository.js';
import { ChallengesSystemRepository } from './challenges.system-repository.js';

/** One answer for wrong, used, expired, replaced and foreign secrets, and for addresses without an account (R111, R153). */
export const InvalidChallenge = defineProblem({
  code: 'invalid_code',
  kind: 'unauthenticated',
  title: 'The code or link is not valid',
  detail: 'the code or link is wrong, used or expired; ask for a new one',
});

export interface NewChallenge {
  readonly userId: Id<'user'>;
  readonly purpose: ChallengePurpose;
  /** The address the secret is mailed to. */
  readonly email: string;
  readonly ttlMs: number;
  /** Whether there is a six-digit code beside the link. */
  readonly withCode: boolean;
}

export interface IssuedChallenge {
  readonly token: string;
  /** Empty for a challenge without a code. */
  readonly code: string;
}

const HOUR_MS = 3_600_000;

/** Secrets that are mailed: drawn, stored only as hash and MAC, used once, for one purpose. */
@Injectable()
export class ChallengesService implements OnModuleInit {
  constructor(
    private readonly challenges: ChallengesRepository,
    private readonly anyTenant: ChallengesSystemRepository,
    private readonly codes: OneTimeCodes,
    private readonly limits: RateLimits,
    private readonly events: Events,
    private readonly runner: JobRunner,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.events.within('user.account_deleted', async (scope, { payload }) => {
      await this.challenges.drop(scope as EnvScope, payload.user_id, CHALLENGE_PURPOSES);
    });
    this.runner.every({
      name: 'challenges.purge',
      everyMs: HOUR_MS,
      run: async () => void (await this.anyTenant.anyTenantPurge(this.clock.now())),
    });
  }

  /** Draws a secret in place of an earlier one for the same user and purpose (R122). Inside the transaction that mails it. */
  async issue(scope: EnvScope, { userId, purpose, email, ttlMs, withCode }: NewChallenge): Promise<IssuedChallenge> {
    const id = this.ids.next('verification');
    const token = randomToken();
    const code = withCode ? this.codes.draw() : '';
    await this.challenges.put(scope, {
      id,
      userId,
      purpose,
      email,
      tokenHash: hashToken(token),
      codeMac: withCode ? this.codes.mac(code, id) : null,
      codeExpiresAt: withCode ? this.clock.in(Math.min(this.config.challenges.codeTtlMs, ttlMs)) : null,
      expiresAt: this.clock.in(ttlMs),
      createdAt: this.clock.now(),
    });
    return { token, code };
  }

  /** The live challenge of a user, if there is one. */
  find(scope: EnvScope, userId: Id<'user'>, purpose: ChallengePurpose): Promise<ChallengeEntity | undefined> {
    return this.challenges.find(scope, userId, purpose, this.clock.now());
  }

  /**
   * Looks a link's token up without using it.
   * @param named the environment the request names, if it names one: a token of another is refused and stays usable (R125).
   * @throws InvalidChallenge
   */
  async read(token: string, purpose: ChallengePurpose, named: EnvScope | undefined): Promise<ChallengeEntity> {
    const challenge = await this.anyTenant.anyTenantByToken(hashToken(token), purpose, this.clock.now());
    if (challenge === undefined) throw new InvalidChallenge();
    if (named !== undefined && !sameTenant(named, scopeTo.env(challenge.appId, challenge.envId))) {
      throw new InvalidChallenge();
    }
    return challenge;
  }

  /**
   * Compares a code with the one of a named user; never finds a user by a code (R109).
   * @param user undefined when the address has no account: fails like a wrong code.
   * @param named what the guesses are counted by when there is no account.
   * @throws InvalidChallenge, RateLimited
   */
  async guess(
    scope: EnvScope,
    user: { readonly id: Id<'user'>; readonly email: string | null } | undefined,
    named: string,
    purpose: ChallengePurpose,
    code: string,
  ): Promise<ChallengeEntity> {
    const limit = { name: 'code_guesses', ...this.config.limits.codeGuessesPerAccount };
    // One count per account, whether it is named by its address or by a session; a new code brings no new guesses (R110).
    await this.limits.require(limit, hashToken(`${scope.envId}/${purpose}/${user?.id ?? named}`).toString('hex'));
    if (user === undefined) throw new InvalidChallenge();
    const most = this.config.challenges.codeAttempts;
    const challenge = await this.challenges.guess(scope, user.id, purpose, this.clock.now(), most);
    const right = challenge?.codeMac != null && this.codes.matches(code, challenge.id, challenge.codeMac);
    if (challenge === undefined || !right) throw new InvalidChallenge();
    return challenge;
  }

  /** Uses a challenge up, inside the transaction that does what it is good for. @throws InvalidChallenge when somebody was faster. */
  async consume(challenge: ChallengeEntity): Promise<void> {
    const scope = scopeTo.env(challenge.appId, challenge.envId);
    const used = await this.challenges.consume(scope, challenge.id, this.clock.now());
    if (used === undefined) throw new InvalidChallenge();
  }

  /** Makes pending secrets of a user worthless. */
  drop(scope: EnvScope, userId: Id<'user'>, ...purposes: ChallengePurpose[]): Promise<void> {
    return this.challenges.drop(scope, userId, purposes);
  }
}
