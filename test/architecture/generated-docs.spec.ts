import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { allVariables } from '../../src/config/load-config.js';
import { ROOT } from './source-tree.js';

const GENERATED = [
  'docs/configuration.md',
  '.env.example',
  'docs/errors.md',
  'docs/events.md',
  'docs/permissions.md',
  'docs/settings.md',
  'openapi.json',
  'src/webhooks/event-schemas.generated.ts',
];

const read = (name: string): string => readFileSync(path.join(ROOT, name), 'utf8');

describe('generated pages', () => {
  it('say what the code does: `npm run docs` would change nothing', () => {
    const check = spawnSync(process.execPath, ['scripts/generate-docs.mjs', '--check'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect(check.stderr).toBe('');
    expect(check.status).toBe(0);
  });

  it.each(GENERATED)('%s says in its first lines by which command it is made', (name) => {
    expect(read(name).split('\n').slice(0, 2).join('\n')).toContain('`npm run docs`');
  });

  it('every setting but the seams for tests is offered in .env.example, and none of them is set there', () => {
    const example = read('.env.example');
    for (const { name, seam } of allVariables()) expect(example.includes(`\n#${name}=`)).toBe(!seam);
    expect(example).not.toMatch(/^[A-Z]/m);
  });

  it('every setting has a sentence', () => {
    const mute = allVariables().filter(({ doc }) => !/^([A-Z`]|argon2id).*\.$/.test(doc));
    expect(mute.map(({ name }) => name)).toEqual([]);
  });
});
