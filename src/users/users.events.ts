import { describeEvents } from '../kernel/events/event-map.js';
import type { Id } from '../kernel/ids/id.js';

declare module '../kernel/events/event-map.js' {
  interface EventMap {
    'user.created': { user_id: Id<'user'>; email: string };
    'user.updated': { user_id: Id<'user'> };
    'user.email_verified': { user_id: Id<'user'> };
    'user.email_changed': { user_id: Id<'user'>; email: string };
    'user.deleted': { user_id: Id<'user'>; admin_id?: Id<'user'>; restorable: boolean };
    'user.restored': { user_id: Id<'user'>; admin_id?: Id<'user'> };
    'user.account_deleted': { user_id: Id<'user'>; admin_id?: Id<'user'> };
    'admin.user.banned': { user_id: Id<'user'>; admin_id?: Id<'user'>; reason: string };
    'admin.user.unbanned': { user_id: Id<'user'>; admin_id?: Id<'user'> };
  }
}

describeEvents({
  'user.created': 'A user signed up or was created.',
  'user.updated': 'A user’s profile changed.',
  'user.email_verified': 'A user proved that an address is theirs.',
  'user.email_changed': 'A user’s address was replaced, after the new mailbox confirmed it or the old one undid it.',
  'user.deleted':
    'An account was taken from its owner: by an operator, who can restore it until retention ends, or because it was erased. Every session has ended.',
  'user.restored': 'An operator restored a user who had been deleted.',
  'user.account_deleted': 'An account was erased: by its owner, an operator, or the end of retention.',
  'admin.user.banned': 'An operator banned a user; every session has ended.',
  'admin.user.unbanned': 'An operator lifted a ban.',
});
