import { defineSetting } from '../settings/setting-definition.js';
import { integer } from '../settings/setting-types.js';

export const KEYS_PER_OWNER = defineSetting({
  key: 'api_keys.max_per_owner',
  displayName: 'API keys',
  description: 'How many API keys that are not revoked a user, a service account or an organization may have.',
  type: integer(0, 10_000),
  scopes: ['global', 'app', 'environment'],
  default: () => 25,
});
