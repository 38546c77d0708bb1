import { describeEvents } from '../kernel/events/event-map.js';
import type { Id } from '../kernel/ids/id.js';
import type { EndReason } from './session.entity.js';

interface SessionPayload {
  user_id: Id<'user'>;
  session_id: Id<'session'>;
}

declare module '../kernel/events/event-map.js' {
  interface EventMap {
    'session.created': SessionPayload;
    'session.revoked': SessionPayload & { reason: EndReason };
    'auth.signout': SessionPayload;
    'auth.refresh_token_replayed': SessionPayload & { family_id: Id<'session_family'> };
  }
}

describeEvents({
  'session.created': 'A session started, by whatever way in.',
  'session.revoked': 'A session was ended before its time, by its user, an operator or a rule.',
  'auth.signout': 'A user signed out.',
  'auth.refresh_token_replayed':
    'A refresh token that had been rotated out came back: its family has ended. Raised once per family.',
});
