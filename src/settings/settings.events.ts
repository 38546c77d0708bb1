import { describeEvents } from '../kernel/events/event-map.js';
import type { SettingAction } from './setting-change.entity.js';
import type { SettingScope } from './setting-definition.js';

declare module '../kernel/events/event-map.js' {
  interface EventMap {
    'setting.changed': { key: string; scope: SettingScope; scope_id: string; action: SettingAction };
  }
}

describeEvents({ 'setting.changed': 'A value of a setting was set, enforced, no longer enforced or deleted.' });
