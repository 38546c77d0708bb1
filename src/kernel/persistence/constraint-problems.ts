import type { DomainError } from '../errors/problem.js';
import { violatedConstraint } from './database-errors.js';

/** Constraint name to the problem it means. A constraint that is not listed stays an internal error. */
export type ConstraintProblems = Readonly<Record<string, () => DomainError>>;

/** Runs a write and turns the violation of a listed constraint into its problem: no check-then-insert. */
export async function mappingConstraints<T>(problems: ConstraintProblems, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const constraint = violatedConstraint(error);
    const problem = constraint === undefined ? undefined : problems[constraint];
    throw problem === undefined ? error : problem();
  }
}
