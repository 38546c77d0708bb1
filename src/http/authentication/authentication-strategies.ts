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

  abstract authenticate(request: FastifyRequest): void | Promise<void>;

  protected get verdict(): Verdict {
    return this as unknown as Verdict;
  }
}

const PASSED = Symbol('passed');
type Outcome = Principal | typeof PASSED;

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
   * @returns who the caller is, or undefined when every strategy passed. A promise only where a strategy has to ask somebody: a session
   * in memory is recognised without one.
   * @throws AuthenticationRequired (also as a rejection) when a strategy refused.
   */
  authenticate(request: FastifyRequest, from = 0): Principal | undefined | Promise<Principal | undefined> {
    for (let index = from; index < this.#strategies.length; index += 1) {
      const outcome = attempt(this.#strategies[index] as AuthenticationStrategy, request);
      if (outcome instanceof Promise) {
        return outcome.then((late) => (late === PASSED ? this.authenticate(request, index + 1) : late));
      }
      if (outcome !== PASSED) return outcome;
    }
    return undefined;
  }
}

/** Runs one strategy: on an object of its own that inherits from it, exactly as Passport's authenticate middleware does. */
function attempt(strategy: AuthenticationStrategy, request: FastifyRequest): Outcome | Promise<Outcome> {
  let known: Outcome | undefined;
  let refused: Error | undefined;
  let settle: { resolve(outcome: Outcome): void; reject(error: Error): void } | undefined;
  const accept = (outcome: Outcome): void => {
    if (settle === undefined) known ??= outcome;
    else settle.resolve(outcome);
  };
  const refuse = (error: Error): void => {
    if (settle === undefined) refused ??= error;
    else settle.reject(error);
  };
  const running = Object.create(strategy) as AuthenticationStrategy & Verdict;
  running.success = accept;
  running.pass = () => accept(PASSED);
  running.fail = () => refuse(new AuthenticationRequired());
  running.error = (error) => refuse(error as Error);
  running.redirect = () => refuse(new Error(`strategy ${strategy.name} redirects; only sign-in flows may`));
  const work = running.authenticate(request);
  // Nobody else waits for it: a failure would end the process instead of the request.
  work?.catch((error: unknown) => refuse(error as Error));
  if (refused !== undefined) throw refused;
  if (known !== undefined) return known;
  return new Promise<Outcome>((resolve, reject) => {
    settle = { resolve, reject };
  });
}
