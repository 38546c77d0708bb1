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
    'session.organization_switched': SessionPayload & { org_id?: Id<'organization'> };
    'impersonation.started': SessionPayload & { operator_id: Id<'user'>; ends_at: string };
    'impersonation.ended': SessionPayload & { operator_id: Id<'user'>; reason: EndReason };
    'auth.signout': SessionPayload;
    'auth.refresh_token_replayed': SessionPayload & { family_id: Id<'session_family'> };
  }
}

describeEvents({
  'session.created': 'A user got a session, by whatever way in.',
  'session.revoked': 'A session was ended before its time, by its user, an operator or a rule.',
  'session.organization_switched': 'A session acts for another organization, or for none.',
  'impersonation.started':
    'An operator began to act as a user, with a session of its own that no `session.created` tells of.',
  'impersonation.ended':
    'An impersonation was stopped before its time. One that runs out ends at the `ends_at` of its start.',
  'auth.signout': 'A user signed out.',
  'auth.refresh_token_replayed':
    'A refresh token that had been rotated out came back: its family has ended. Raised once per family.',
});
