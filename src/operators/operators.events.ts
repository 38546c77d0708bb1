import { describeEvents } from '../kernel/events/event-map.js';
import type { Id } from '../kernel/ids/id.js';

declare module '../kernel/events/event-map.js' {
  interface EventMap {
    'operator.granted': { user_id: Id<'user'>; every_app: boolean; app_id?: Id<'app'> };
    'operator.revoked': { user_id: Id<'user'>; every_app: boolean; app_id?: Id<'app'> };
  }
}

describeEvents({
  'operator.granted': 'A user of the platform app became a platform owner, or was granted an app.',
  'operator.revoked':
    'A user of the platform app is no platform owner any more, or lost an app, or (neither named) all apps.',
});
