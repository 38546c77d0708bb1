import { defineSetting } from '../settings/setting-definition.js';
import { integer } from '../settings/setting-types.js';

export const MOST_WEBHOOKS = defineSetting({
  key: 'webhooks.max_endpoints',
  displayName: 'Webhooks',
  description: 'How many webhooks an environment may have.',
  type: integer(0, 1_000),
  scopes: ['global', 'app', 'environment'],
  default: () => 50,
});
