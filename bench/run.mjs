// npm run bench [name …] [--quick]: every figure is a ratio against a baseline of the same run, on this machine, now.
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, release, totalmem, type } from 'node:os';
import path from 'node:path';
import { ROOT, startDatabase } from './lib/processes.mjs';

const ALL = [
  'session-check',
  'refresh',
  'sign-in',
  'start',
  'users',
  'import',
  'permissions',
  'members',
  'events',
  'billing',
  'api-keys',
];

const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const quick = process.argv.includes('--quick');
const settings = quick ? { rounds: 3, seconds: 2 } : { rounds: 7, seconds: 3 };

const machine = {
  node: process.version,
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGib: Math.round(totalmem() / 2 ** 30),
  system: `${type()} ${release()}`,
};
console.log(
  `${machine.cores} cores (${machine.cpu}), ${machine.memoryGib} GiB, Node ${machine.node}, ${machine.system}`,
);

let missed = 0;
for (const name of names.length > 0 ? names : ALL) {
  const { run } = await import(`./${name}.mjs`);
  const database = await startDatabase();
  try {
    const results = await run({ database, ...settings });
    for (const result of results) {
      const reached = report(result);
      if (!reached) missed += 1;
    }
    await mkdir(path.join(ROOT, 'bench/results'), { recursive: true });
    const file = path.join(ROOT, 'bench/results', `${name}.json`);
    await writeFile(file, `${JSON.stringify({ machine, postgres: database.version, results }, null, 2)}\n`);
  } finally {
    await database.stop();
  }
}
if (missed > 0) console.log(`${missed} fell short`);

function report({ bench, against, reach, atMost, ratio, value, unit, subjectPerSecond, baselinePerSecond, ...more }) {
  if (ratio !== undefined) {
    const reached = ratio >= reach;
    console.log(
      `${reached ? 'reached' : 'SHORT  '}  ${bench}: ${(ratio * 100).toFixed(0)} % of ${against} (wanted ${reach * 100} %): ${subjectPerSecond}/s against ${baselinePerSecond}/s`,
    );
    if (more.note !== undefined) console.log(`         ${more.note}`);
    return reached;
  }
  const reached = value <= atMost;
  console.log(`${reached ? 'reached' : 'SHORT  '}  ${bench}: ${value} ${unit} (wanted at most ${atMost} ${unit})`);
  return reached;
}
