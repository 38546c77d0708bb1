import { describeEvents } from '../kernel/events/event-map.js';
import type { Id } from '../kernel/ids/id.js';

interface UserPayload {
  user_id: Id<'user'>;
}

declare module '../kernel/events/event-map.js' {
  interface EventMap {
    'auth.signup': UserPayload;
    'auth.signin': UserPayload & { session_id: Id<'session'> };
    'auth.signin.failed': UserPayload;
    'auth.account_locked': UserPayload;
    'admin.user.password_reset_required': UserPayload & { admin_id?: Id<'user'> };
    'admin.user.unlocked': UserPayload & { admin_id?: Id<'user'> };
    'auth.forgot_password': UserPayload;
    'auth.password_reset': UserPayload;
    'auth.password_changed': UserPayload;
    'auth.email_change_requested': UserPayload;
  }
}

describeEvents({
  'auth.signup': 'Somebody signed up.',
  'auth.signin': 'A user signed in.',
  'auth.signin.failed': 'A wrong password was given for an account.',
  'admin.user.password_reset_required': 'An operator demanded a new password; every session has ended.',
  'admin.user.unlocked': 'An operator let an account be tried again at once.',
  'auth.account_locked': 'Wrong passwords locked an account for a while. Raised once per lock.',
  'auth.forgot_password': 'A reset link was mailed to a user.',
  'auth.password_reset': 'A user chose a new password with a reset link; every session has ended.',
  'auth.password_changed': 'A user changed their password; their other sessions have ended.',
  'auth.email_change_requested': 'A user asked to change their address; nothing has changed yet.',
});
