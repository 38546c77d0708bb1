import { defineSetting } from '../settings/setting-definition.js';
import { choice, integer, text } from '../settings/setting-types.js';

export const KEYS_PER_OWNER = defineSetting({
  key: 'api_keys.max_per_owner',
  displayName: 'API keys',
  description: 'How many API keys that are not revoked a user, a service account or an organization may have.',
  type: integer(0, 10_000),
  scopes: ['global', 'app', 'environment'],
  default: () => 25,
});

export const LEAK_POLICIES = ['revoke', 'suspend', 'notify'] as const;
export type LeakPolicy = (typeof LEAK_POLICIES)[number];

export const ON_LEAK = defineSetting<LeakPolicy>({
  key: 'api_keys.on_leak',
  displayName: 'Leaked API keys',
  description:
    'What becomes of an API key that was reported as leaked: it is revoked, suspended until somebody has rotated it, or only its owner is told.',
  type: choice(LEAK_POLICIES),
  scopes: ['global', 'app', 'environment'],
  default: () => 'revoke',
});

export const DEFAULT_POLICY = defineSetting({
  key: 'api_keys.default_policy',
  displayName: 'Policy of new API keys',
  description:
    'The name of the policy that a new API key stands under when whoever makes it names none; empty: no policy. People who do not manage keys cannot name another.',
  type: text(100),
  scopes: ['environment'],
  default: () => '',
});
