import { describeEvents } from '../kernel/events/event-map.js';
import type { KeyOwnerKind, RotationReason } from '../keys-bridge/key-manager.js';

interface KeyPayload {
  api_key_id: string;
  owner_kind: KeyOwnerKind;
  owner_id: string;
}

declare module '../kernel/events/event-map.js' {
  interface EventMap {
    'api_key.created': KeyPayload;
    'api_key.updated': KeyPayload;
    'api_key.rotated': KeyPayload & { rotation_reason: RotationReason };
    'api_key.suspended': KeyPayload;
    'api_key.reactivated': KeyPayload;
    'api_key.revoked': KeyPayload;
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
  'api_key.leaked': 'Somebody found an API key where everybody can read it.',
});
