import { SetMetadata } from '@nestjs/common';
import type { ProblemClass } from '../../kernel/errors/problem.js';

export const API_PROBLEMS = 'authsome:problems';

/** Documents which problems a route may answer with, beyond those that follow from its access rule and its inputs. */
export const ApiProblems = (...problems: ProblemClass[]) => SetMetadata(API_PROBLEMS, problems);
