import { describeEvents } from '../kernel/events/event-map.js';
import type { Id } from '../kernel/ids/id.js';
import type { EnvironmentType } from './environment.entity.js';

declare module '../kernel/events/event-map.js' {
  interface EventMap {
    'environment.created': { env_id: Id<'environment'>; env_name: string; env_type: EnvironmentType };
  }
}

describeEvents({ 'environment.created': 'An environment was created, with its first publishable key.' });
