import { defineProblem } from '../../kernel/errors/problem.js';

export const PasswordSignInDisabled = defineProblem({
  code: 'password_signin_disabled',
  kind: 'forbidden',
  title: 'Passwords do not sign in here',
  detail: 'this app has another way in; see GET /v1/client-config',
});
