import { defineProblem } from '../../kernel/errors/problem.js';

export const PasswordSignInDisabled = defineProblem({
  code: 'password_signin_disabled',
  kind: 'forbidden',
  title: 'Passwords do not sign in here',
  detail: 'this app has another way in; see GET /v1/client-config',
});

export const PasswordResetRequired = defineProblem({
  code: 'password_reset_required',
  kind: 'forbidden',
  title: 'The password must be replaced first',
  detail: 'open the link that was mailed, or ask for a new one with POST /v1/forgot-password',
});
