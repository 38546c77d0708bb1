import { describeEvents } from '../kernel/events/event-map.js';
import type { Id } from '../kernel/ids/id.js';

interface DevicePayload {
  device_id: Id<'device'>;
  user_id: Id<'user'>;
}

declare module '../kernel/events/event-map.js' {
  interface EventMap {
    'device.registered': DevicePayload;
    'device.updated': DevicePayload;
    'device.trusted': DevicePayload;
    'device.deleted': DevicePayload;
  }
}

describeEvents({
  'device.registered': 'A user signed in from a device that was not known.',
  'device.updated': 'A user renamed a device.',
  'device.trusted': 'A user marked a device as trusted.',
  'device.deleted': 'A user removed a device; its sessions have ended.',
});
