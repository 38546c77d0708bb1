import { defineProblem } from '../kernel/errors/problem.js';

export const NotImpersonating = defineProblem({
  code: 'not_impersonating',
  kind: 'conflict',
  title: 'This is nobody’s impersonation',
  detail: 'the session is the person’s own; sign out instead',
});
