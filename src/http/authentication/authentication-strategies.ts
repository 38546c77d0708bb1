import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import passport from 'passport';
import type { Principal } from '../../kernel/context/principal.js';
import { AuthenticationRequired } from '../access/access.problems.js';

/** Calls that Passport adds to a strategy for the time of one request. */
interface Verdict {
  /** Accepts: the caller is `principal`. */
  success(principal: Principal): void;
  /** Refuses the credential. */
  fail(): void;
  /** Leaves the credential to the next strategy. */
  pass(): void;
  /** Could not find out. */
  error(error: unknown): void;
  redirect(): void;
}

/** Passport's own type names Express's request; a strategy here sees Fastify's, with headers, query and body in the same places. */
const PassportStrategy = passport.Strategy as unknown as abstract new () => object;

/**
 * A Passport strategy: one way of proving who one is. `request.authsome.credential` is the bearer token or session cookie, if there
 * is one; a strategy may look at any other header. It ends by calling one of `this.verdict`'s functions.
 */
export abstract class AuthenticationStrategy extends PassportStrategy {
  abstract readonly name: string;

  abstract authenticate(request: FastifyRequest): void;

  protected get verdict(): Verdict {
    return this as unknown as Verdict;
  }
}

const PASSED = Symbol('passed');

/**
 * The strategies in force, in order of registration: session token, JWT, and whatever a third party adds with {@link use}. They are run
 * as Passport runs them, without its Connect middleware, which costs a cached check a tenth of its speed.
 */
@Injectable()
export class AuthenticationStrategies {
  readonly #strategies: AuthenticationStrategy[] = [];

  use(strategy: AuthenticationStrategy): void {
    if (this.#strategies.some(({ name }) => name === strategy.name)) {
      throw new Error(`two authentication strategies are named ${strategy.name}`);
    }
    this.#strategies.push(strategy);
  }

  /**
   * @returns undefined when every strategy passed.
   * @throws AuthenticationRequired when a strategy refused.
   */
  async authenticate(request: FastifyRequest): Promise<Principal | undefined> {
    for (const strategy of this.#strategies) {
      const verdict = await attempt(strategy, request);
      if (verdict !== PASSED) return verdict;
    }
    return undefined;
  }
}

function attempt(strategy: AuthenticationStrategy, request: FastifyRequest): Promise<Principal | typeof PASSED> {
  return new Promise((resolve, reject) => {
    // One object per request that inherits from the strategy, exactly as Passport's authenticate middleware makes it.
    const running = Object.create(strategy) as AuthenticationStrategy & Verdict;
    running.success = resolve;
    running.fail = () => reject(new AuthenticationRequired());
    running.pass = () => resolve(PASSED);
    running.error = reject;
    running.redirect = () => reject(new Error(`strategy ${strategy.name} redirects; only sign-in flows may`));
    running.authenticate(request);
  });
}
