import { defineProblem } from '../../kernel/errors/problem.js';

export const SignUpDisabled = defineProblem({
  code: 'signup_disabled',
  kind: 'forbidden',
  title: 'Sign-up is closed',
  detail: 'this app does not let strangers sign up',
});
