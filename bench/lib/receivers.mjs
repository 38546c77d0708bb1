import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { ROOT } from './processes.mjs';

/** Starts receivers on the loopback, one per behaviour (bench/servers/receivers.mjs). */
export async function openReceivers(names) {
  const child = fork(path.join(ROOT, 'bench/servers/receivers.mjs'), names);
  const [receivers] = await once(child, 'message');
  return {
    receivers,
    allow: receivers.map(({ address }) => address).join(','),
    /** When the good receiver was told of whom, in milliseconds since the epoch. */
    async arrivals() {
      child.send('arrivals');
      const [arrivals] = await once(child, 'message');
      return new Map(arrivals);
    },
    close: () => child.kill(),
  };
}
