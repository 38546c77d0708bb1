import { defineProblem } from '../kernel/errors/problem.js';

export const KeyManagerNotAvailable = defineProblem({
  code: 'key_manager_not_available',
  kind: 'unavailable',
  title: 'API keys are not available',
  detail: 'no key manager is bound; see AUTHSOME_KEYS',
});
