import { describeEvents } from '../kernel/events/event-map.js';
import type { KeyOwnerKind, RotationReason } from '../keys-bridge/key-manager.js';

interface KeyPayload {
  api_key_id: string;
  owner_kind: KeyOwnerKind;
  owner_id: string;
}

interface PolicyPayload {
  api_key_policy_id: string;
  name: string;
}

declare module '../kernel/events/event-map.js' {
  interface EventMap {
    'api_key.created': KeyPayload;
    'api_key.updated': KeyPayload;
    'api_key.rotated': KeyPayload & { rotation_reason: RotationReason };
    'api_key.suspended': KeyPayload;
    'api_key.reactivated': KeyPayload;
    'api_key.revoked': KeyPayload;
    'api_key.expiring': KeyPayload & { due_at: string };
    'api_key.rotation_due': KeyPayload & { due_at: string };
    'api_key_policy.created': PolicyPayload;
    'api_key_policy.updated': PolicyPayload;
    'api_key_policy.deleted': PolicyPayload;
    'api_key.leaked': KeyPayload & {
      secret: 'current' | 'grace';
      leak_action: 'revoked' | 'suspended' | 'none';
      leak_source?: string;
      leak_url?: string;
    };
  }
}

describeEvents({
  'api_key.created': 'An API key was made.',
  'api_key.updated': 'An API key’s name, scopes, limits, credits, restrictions or expiry changed.',
  'api_key.rotated': 'An API key has a new secret.',
  'api_key.suspended': 'An API key opens nothing until it is reactivated.',
  'api_key.reactivated': 'A suspended API key works again.',
  'api_key.revoked': 'An API key opens nothing any more.',
  'api_key.expiring': 'An API key expires within a week.',
  'api_key.rotation_due': 'The secret of an API key is as old as its policy allows, and should be rotated.',
  'api_key_policy.created': 'A policy for API keys was made.',
  'api_key_policy.updated': 'A policy for API keys changed; so did every key under it.',
  'api_key_policy.deleted': 'A policy for API keys that no key stood under was deleted.',
  'api_key.leaked': 'Somebody found an API key where everybody can read it.',
});
