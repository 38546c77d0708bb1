import { describeEvents } from '../kernel/events/event-map.js';
import type { Id } from '../kernel/ids/id.js';

declare module '../kernel/events/event-map.js' {
  interface EventMap {
    'users.imported': { import_id: Id<'user_import'>; created: number; updated: number };
    'user_import.cancelled': { import_id: Id<'user_import'> };
    'user_import.finished': {
      import_id: Id<'user_import'>;
      created: number;
      updated: number;
      skipped: number;
      failed: number;
    };
  }
}

describeEvents({
  'users.imported': 'Some users of an import were written, up to 500 at a time. No user.created is raised for each.',
  'user_import.cancelled': 'An import was stopped; what it had written by then stays.',
  'user_import.finished': 'Every row of an import has its outcome.',
});
