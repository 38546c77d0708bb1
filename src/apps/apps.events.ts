import { describeEvents } from '../kernel/events/event-map.js';
import type { Id } from '../kernel/ids/id.js';

declare module '../kernel/events/event-map.js' {
  interface EventMap {
    'app.created': { app_id: Id<'app'>; slug: string };
    'app.updated': { app_id: Id<'app'> };
  }
}

describeEvents({
  'app.created': 'An app was created, with its environments and publishable keys.',
  'app.updated': 'Settings, session configuration or client configuration of an app changed.',
});
