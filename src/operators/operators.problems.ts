import { defineProblem } from '../kernel/errors/problem.js';

export const OperatorNotFound = defineProblem({
  code: 'operator_not_found',
  kind: 'not_found',
  title: 'No such operator',
  detail: 'that user has no such right',
});

export const OperatorProtected = defineProblem({
  code: 'operator_protected',
  kind: 'forbidden',
  title: 'Operators cannot be impersonated',
  detail: 'nobody acts as an operator but the operator',
});

export const SetupRefused = defineProblem({
  code: 'setup_refused',
  kind: 'forbidden',
  title: 'The setup token is not valid',
  detail: 'the token is wrong, used or expired, or there is an owner already; restart the service to get a new one',
});
