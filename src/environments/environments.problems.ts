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

export const DefaultEnvironmentProtected = defineProblem({
  code: 'default_environment_protected',
  kind: 'invalid',
  title: 'The default environment stays',
  detail: 'cannot delete the default environment; make another one the default first',
});

export const PublishableKeyNotFound = defineProblem({
  code: 'publishable_key_not_found',
  kind: 'not_found',
  title: 'No such publishable key in force',
  detail: 'publishable key not found',
});

export const PlanOutdated = defineProblem({
  code: 'plan_outdated',
  kind: 'conflict',
  title: 'Something has changed since the plan',
  detail: 'one of the two environments has changed; make a new plan, look at it and apply that one',
});

export const SameEnvironment = defineProblem({
  code: 'same_environment',
  kind: 'invalid',
  title: 'Source and target are one environment',
  detail: 'name another environment of the same app as target_env_id',
});
