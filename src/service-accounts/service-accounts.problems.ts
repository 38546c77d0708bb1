import { defineProblem } from '../kernel/errors/problem.js';

export const ServiceAccountNotFound = defineProblem({
  code: 'service_account_not_found',
  kind: 'not_found',
  title: 'No such service account',
  detail: 'service account not found',
});

export const ServiceAccountNameTaken = defineProblem({
  code: 'service_account_name_taken',
  kind: 'conflict',
  title: 'The name is in use',
  detail: 'the app has a service account of that name already',
});
