// Writes the reference pages that are made from the code, so that they cannot say something else than it does:
//   node scripts/generate-docs.mjs           writes them
//   node scripts/generate-docs.mjs --check   exits 1 when one of them is not up to date
// Reads the built code in dist/: `npm run docs` builds first.
import 'reflect-metadata';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { configurationPage, environmentFile } from './docs/configuration.mjs';
import { errorsPage } from './docs/errors.mjs';
import { eventSchemasFile } from './docs/event-schemas.mjs';
import { eventsPage } from './docs/events.mjs';
import { settingsPage } from './docs/settings.mjs';
import { openApiFile, permissionsPage } from './docs/permissions.mjs';

// Everything is declared once the whole application has been imported.
await import('../dist/src/app.module.js');
const { openApiText } = await import('../dist/src/cli/commands/openapi.js');

const root = path.resolve(import.meta.dirname, '..');
const document = JSON.parse(await openApiText({ AUTHSOME_PUBLIC_URL: 'http://localhost:3000' }));

const pages = {
  'docs/configuration.md': configurationPage(),
  '.env.example': environmentFile(),
  'docs/errors.md': errorsPage(),
  'docs/events.md': eventsPage(),
  'src/webhooks/event-schemas.generated.ts': eventSchemasFile(),
  'docs/settings.md': settingsPage(),
  'docs/permissions.md': permissionsPage(document),
  'openapi.json': openApiFile(document),
};

if (process.argv.includes('--check')) {
  const stale = [];
  for (const [name, text] of Object.entries(pages)) if ((await current(name)) !== text) stale.push(name);
  if (stale.length > 0) {
    console.error(`not up to date: ${stale.join(', ')}. Run \`npm run docs\`.`);
    process.exitCode = 1;
  }
} else {
  for (const [name, text] of Object.entries(pages)) await writeFile(path.join(root, name), text);
  console.log(`wrote ${Object.keys(pages).join(', ')}`);
}

async function current(name) {
  return readFile(path.join(root, name), 'utf8').catch(() => undefined);
}
