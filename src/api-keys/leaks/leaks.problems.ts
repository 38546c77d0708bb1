import { defineProblem } from '../../kernel/errors/problem.js';

export const InvalidLeakSignature = defineProblem({
  code: 'invalid_leak_signature',
  kind: 'unauthenticated',
  title: 'The report is not signed by whom it should be',
  detail: 'sign the bytes of the body with a key that the reporter publishes',
});
