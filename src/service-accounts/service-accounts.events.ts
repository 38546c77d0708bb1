import { describeEvents } from '../kernel/events/event-map.js';
import type { Id } from '../kernel/ids/id.js';

interface ServiceAccountPayload {
  service_account_id: Id<'service_account'>;
  app_id: Id<'app'>;
}

declare module '../kernel/events/event-map.js' {
  interface EventMap {
    'service_account.created': ServiceAccountPayload;
    'service_account.updated': ServiceAccountPayload & { active: boolean };
    'service_account.deleted': ServiceAccountPayload;
  }
}

describeEvents({
  'service_account.created': 'An app got a service account.',
  'service_account.updated': 'A service account was renamed, described, given other scopes, or switched off or on.',
  'service_account.deleted': 'A service account went, with everything that opened it.',
});
