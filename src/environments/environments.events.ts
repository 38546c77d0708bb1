import { describeEvents } from '../kernel/events/event-map.js';
import type { Id } from '../kernel/ids/id.js';
import type { EnvironmentType } from './environment.entity.js';

declare module '../kernel/events/event-map.js' {
  interface EventMap {
    'environment.created': { env_id: Id<'environment'>; env_name: string; env_type: EnvironmentType };
    'environment.updated': { env_id: Id<'environment'>; env_name: string; is_default: boolean };
    'environment.deleted': { env_id: Id<'environment'>; env_name: string };
    'environment.cloned': { env_id: Id<'environment'>; env_name: string; source_env_id: Id<'environment'> };
    'environment.promoted': { env_id: Id<'environment'>; source_env_id: Id<'environment'>; changes: number };
    'publishable_key.created': { key_id: Id<'publishable_key'>; env_id: Id<'environment'> };
    'publishable_key.retired': { key_id: Id<'publishable_key'>; env_id: Id<'environment'> };
  }
}

describeEvents({
  'environment.created': 'An environment was created, with its first publishable key.',
  'environment.updated': 'Name, description or colour of an environment changed, or it became the default one.',
  'environment.deleted': 'An environment was deleted: everything of it is dead at once.',
  'environment.cloned': 'An environment was created with the configuration of another one.',
  'environment.promoted': 'Configuration of another environment was applied to this one.',
  'publishable_key.created': 'An environment got a further publishable key.',
  'publishable_key.retired': 'A publishable key names its environment no longer.',
});
