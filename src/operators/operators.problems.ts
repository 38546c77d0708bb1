import { defineProblem } from '../kernel/errors/problem.js';

export const SetupRefused = defineProblem({
  code: 'setup_refused',
  kind: 'forbidden',
  title: 'The setup token is not valid',
  detail: 'the token is wrong, used or expired, or there is an owner already; restart the service to get a new one',
});
