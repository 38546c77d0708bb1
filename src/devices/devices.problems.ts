import { defineProblem } from '../kernel/errors/problem.js';

export const DeviceNotFound = defineProblem({
  code: 'device_not_found',
  kind: 'not_found',
  title: 'No such device',
  detail: 'device not found',
});
