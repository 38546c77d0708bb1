import { createReadStream, createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import { ProgressBar } from '../progress-bar.js';
import { CommandRefused, ServiceClient, type ServiceOptions } from '../service-client.js';

export interface ImportOptions extends ServiceOptions {
  readonly mapping: string;
  readonly onConflict: string;
  readonly dryRun: boolean;
  /** A file with Firebase's hash parameters, as JSON. */
  readonly hashParameters?: string;
  readonly report?: string;
}

interface ImportState {
  readonly id: string;
  readonly state: string;
  readonly total: number;
  readonly processed: number;
  readonly created: number;
  readonly updated: number;
  readonly skipped: number;
  readonly failed: number;
}

interface ImportResult {
  readonly line: number;
  readonly outcome: string;
  readonly code?: string;
  readonly message?: string;
}

const IMPORTS = '/v1/admin/user-imports';
const PART_BYTES = 2 * 2 ** 20;
const PART_ROWS = 5_000;
const POLL_MS = 300;
const FAILURES_SHOWN = 20;

/** Brings the users of a file into an environment of a running service, and shows how far it has come. */
export async function importUsers(file: string, options: ImportOptions): Promise<void> {
  const service = new ServiceClient(options);
  const parameters = options.hashParameters === undefined ? undefined : await readJson(options.hashParameters);
  const begun = await service.json<ImportState>('POST', IMPORTS, {
    mapping: options.mapping,
    on_conflict: options.onConflict,
    dry_run: options.dryRun,
    ...(parameters !== undefined && { hash_parameters: parameters }),
  });
  const url = `${IMPORTS}/${begun.id}`;
  const bar = new ProgressBar(process.stderr);
  for await (const part of partsOf(documentsOf(file))) {
    const { total } = await service.json<ImportState>('POST', `${url}/rows`, part, 'application/x-ndjson');
    bar.note(`${total} rows sent`);
  }
  await service.json('POST', `${url}/start`, {});
  const done = await finished(service, url, bar);
  bar.end();
  console.log(summary(done, options.dryRun));
  if (options.report !== undefined) await writeReport(service, url, options.report);
  if (done.failed > 0) {
    await showFailures(service, url);
    process.exitCode = 1;
  }
}

/** Writes every user of an environment to a file, or to the terminal. */
export async function exportUsers(
  file: string | undefined,
  options: ServiceOptions & { readonly format: string; readonly passwordHashes: boolean },
): Promise<void> {
  const query = { format: options.format, ...(options.passwordHashes && { password_hashes: 'true' }) };
  const body = await new ServiceClient(options).stream('/v1/admin/user-exports', query);
  if (file === undefined) await pipeline(body, process.stdout, { end: false });
  else await pipeline(body, createWriteStream(file, { mode: 0o600 }));
}

/** The rows of a file by its ending: .csv, .json (a list, or an object with users), or one JSON object per line. */
async function* documentsOf(file: string): AsyncGenerator<string> {
  switch (path.extname(file).toLowerCase()) {
    case '.csv':
      for await (const row of createReadStream(file).pipe(parse({ bom: true, columns: true, skip_empty_lines: true })))
        yield JSON.stringify(row);
      return;
    case '.json':
      for (const row of listIn(await readJson(file))) yield JSON.stringify(row);
      return;
    default:
      for await (const line of createInterface({ input: createReadStream(file) })) if (line.trim() !== '') yield line;
  }
}

function listIn(document: unknown): readonly unknown[] {
  const list: unknown = Array.isArray(document) ? document : (document as { users?: unknown } | null)?.users;
  if (Array.isArray(list)) return list;
  throw new CommandRefused('the file holds neither a list of users nor an object with users');
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse((await readFile(file, 'utf8')).replace(/^\ufeff/, ''));
  } catch (error) {
    throw new CommandRefused(`${file}: ${error instanceof Error ? error.message : 'cannot be read'}`);
  }
}

async function* partsOf(lines: AsyncGenerator<string>): AsyncGenerator<string> {
  let part: string[] = [];
  let bytes = 0;
  for await (const line of lines) {
    part.push(line);
    bytes += Buffer.byteLength(line) + 1;
    if (bytes < PART_BYTES && part.length < PART_ROWS) continue;
    yield part.join('\n');
    [part, bytes] = [[], 0];
  }
  if (part.length > 0) yield part.join('\n');
}

async function finished(service: ServiceClient, url: string, bar: ProgressBar): Promise<ImportState> {
  for (;;) {
    const state = await service.json<ImportState>('GET', url);
    bar.show(state.processed, state.total);
    if (state.state !== 'running') return state;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function summary({ total, created, updated, skipped, failed }: ImportState, dryRun: boolean): string {
  const counts = `${created} created, ${updated} updated, ${skipped} skipped, ${failed} failed`;
  return dryRun ? `dry run of ${total} rows, nothing was written: ${counts}` : `${total} rows: ${counts}`;
}

async function* resultsOf(service: ServiceClient, url: string, outcome?: string): AsyncGenerator<ImportResult> {
  let cursor: string | undefined;
  do {
    const query = { limit: '100', ...(outcome !== undefined && { outcome }), ...(cursor !== undefined && { cursor }) };
    const page = await service.json<{ results: ImportResult[]; next_cursor?: string }>(
      'GET',
      `${url}/results?${new URLSearchParams(query).toString()}`,
    );
    yield* page.results;
    cursor = page.next_cursor;
  } while (cursor !== undefined);
}

async function showFailures(service: ServiceClient, url: string): Promise<void> {
  let shown = 0;
  for await (const { line, code = '', message = '' } of resultsOf(service, url, 'failed')) {
    if (shown === FAILURES_SHOWN) {
      console.error('… and more: name a file with --report to have them all');
      return;
    }
    console.error(`row ${line}: ${code}. ${message}`);
    shown += 1;
  }
}

async function writeReport(service: ServiceClient, url: string, file: string): Promise<void> {
  async function* lines(): AsyncGenerator<string> {
    for await (const result of resultsOf(service, url)) yield `${JSON.stringify(result)}\n`;
  }
  await pipeline(Readable.from(lines()), createWriteStream(file));
}
