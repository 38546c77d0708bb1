// Sign-ins per second against raw hashes per second with the same parameters and slots, and what they do to everybody else.
import { fork } from 'node:child_process';
import { cpus } from 'node:os';
import path from 'node:path';
import { interleaved, load, median } from './lib/load.mjs';
import { credentials, publishableKey, signUpMany } from './lib/people.mjs';
import { ROOT, startService } from './lib/processes.mjs';

export const name = 'sign-in';

const PEOPLE = 200;
const CONNECTIONS = 8;

export async function run({ database, rounds, seconds }) {
  const slots = Math.max(2, cpus().length);
  const service = await startService(database, { AUTHSOME_HASH_SLOTS: String(slots) });
  const key = await publishableKey(database);
  const people = await signUpMany(service, key, PEOPLE);
  let next = 0;
  const requests = people.map(({ email }) => ({
    method: 'POST',
    path: '/v1/signin',
    headers: { 'content-type': 'application/json', 'x-publishable-key': key, 'user-agent': 'bench' },
    body: JSON.stringify({ email, password: credentials.password }),
  }));
  // Each connection starts elsewhere in the list, so that no account is tried twice at once.
  const signIn = () =>
    load({
      url: service.url,
      connections: CONNECTIONS,
      seconds,
      setupClient: (client) => {
        const from = (next += Math.floor(PEOPLE / CONNECTIONS)) % PEOPLE;
        client.setRequests([...requests.slice(from), ...requests.slice(0, from)]);
      },
    });
  const hashes = await startHashing(slots);
  await signIn();
  const result = await interleaved(rounds, signIn, () => hashes.measure(seconds));
  hashes.stop();

  const health = [];
  for (let round = 0; round < rounds; round += 1) {
    const [, probe] = await Promise.all([signIn(), probeHealth(service, seconds)]);
    health.push(probe);
  }
  await service.stop();
  return [
    { bench: 'sign-in', against: `raw hashes, ${slots} at once`, reach: 0.85, ...result },
    {
      bench: 'p99 of a health call under sign-in load',
      value: Math.round(median(health) * 10) / 10,
      unit: 'ms',
      atMost: 50,
    },
  ];
}

/** One call after the other, twenty milliseconds apart: what an idle caller feels. */
async function probeHealth({ url }, seconds) {
  const latencies = [];
  const until = performance.now() + seconds * 1_000;
  while (performance.now() < until) {
    const sentAt = performance.now();
    await (await fetch(`${url}/health/live`)).text();
    latencies.push(performance.now() - sentAt);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  latencies.sort((a, b) => a - b);
  return latencies[Math.floor(latencies.length * 0.99)];
}

/** Hashing in a process of its own, as the service does: verify, slots at once, nothing else. */
async function startHashing(slots) {
  const child = fork(path.join(ROOT, 'bench/servers/hashes.mjs'), [String(slots)]);
  const reply = () => new Promise((resolve) => child.once('message', resolve));
  await reply();
  return {
    measure(seconds) {
      const answer = reply();
      child.send({ seconds });
      return answer;
    },
    stop: () => child.kill(),
  };
}
