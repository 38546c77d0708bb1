import { defineProblem } from '../kernel/errors/problem.js';

export const EnvironmentNotFound = defineProblem({
  code: 'environment_not_found',
  kind: 'not_found',
  title: 'No such environment',
  detail: 'environment not found',
});

export const EnvironmentSlugTaken = defineProblem({
  code: 'environment_slug_taken',
  kind: 'conflict',
  title: 'The slug is in use',
  detail: 'another environment of this app has this slug; choose another one',
});
