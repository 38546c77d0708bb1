// Writes the schemas of the events' payloads, which are part of the code: they are made before the pages that are made from the code.
import 'reflect-metadata';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { eventSchemasFile } from './docs/event-schemas.mjs';

await import('../dist/src/app.module.js');

const file = path.resolve(import.meta.dirname, '../src/webhooks/event-schemas.generated.ts');
const text = eventSchemasFile();
if ((await readFile(file, 'utf8')) !== text) await writeFile(file, text);
