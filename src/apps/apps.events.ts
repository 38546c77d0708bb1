import { describeEvents } from '../kernel/events/event-map.js';
import type { Id } from '../kernel/ids/id.js';

declare module '../kernel/events/event-map.js' {
  interface EventMap {
    'app.created': { app_id: Id<'app'>; slug: string };
    'app.updated': { app_id: Id<'app'>; slug: string; active: boolean };
    'app.deleted': { app_id: Id<'app'>; name: string };
  }
}

describeEvents({
  'app.created': 'An app was created, with its environments and publishable keys.',
  'app.updated': 'Name, slug, description, logo or state of an app changed.',
  'app.deleted': 'An app was deleted: everything of it is dead at once. A fact of the platform app.',
});
