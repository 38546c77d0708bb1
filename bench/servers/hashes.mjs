// The yardstick of sign-ins: password checks per second, with the service's parameters and engine, and nothing around them.
import { loadArgon2Engine } from '../../dist/src/kernel/crypto/argon2-engine.js';

const slots = Number(process.argv[2]);
const engine = await loadArgon2Engine();
const stored = await engine.hash('correct horse battery staple', { memoryKib: 19_456, passes: 2, lanes: 1 });

process.on('message', ({ seconds }) => {
  const startedAt = performance.now();
  let done = 0;
  const work = async () => {
    while (performance.now() - startedAt < seconds * 1_000) {
      if (!(await engine.verify(stored, 'correct horse battery staple')))
        throw new Error('a right password was refused');
      done += 1;
    }
  };
  void Promise.all(Array.from({ length: slots }, work)).then(() => {
    process.send({ perSecond: done / ((performance.now() - startedAt) / 1_000), p99Ms: 0 });
  });
});
process.send('ready');
