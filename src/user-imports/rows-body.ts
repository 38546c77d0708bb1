import { CsvError, parse } from 'csv-parse/sync';
import { JsonRefused, parseStrictJson } from '../http/body/strict-json.js';
import type { SourceDocument } from './mappings/source-user.js';
import { UnreadableRows } from './user-imports.problems.js';

const LONGEST_LINE_BYTES = 65_536;
const MOST_COLUMNS = 200;

/** One JSON object per line (NDJSON). @throws UnreadableRows with the number of the line. */
export function readNdjson(text: string): SourceDocument[] {
  const documents: SourceDocument[] = [];
  for (const [index, line] of withoutMark(text).split('\n').entries()) {
    if (line.trim() === '') continue;
    documents.push(readLine(line, index + 1));
  }
  return documents;
}

function readLine(line: string, number: number): SourceDocument {
  if (Buffer.byteLength(line) > LONGEST_LINE_BYTES)
    throw unreadable(number, `is longer than ${LONGEST_LINE_BYTES} bytes`);
  try {
    const document = parseStrictJson(Buffer.from(line));
    if (typeof document === 'object' && document !== null && !Array.isArray(document))
      return document as SourceDocument;
  } catch (error) {
    if (!(error instanceof JsonRefused)) throw error;
  }
  throw unreadable(number, 'is no JSON object');
}

/** CSV (RFC 4180) whose first line names the columns; empty cells say nothing. @throws UnreadableRows */
export function readCsv(text: string): SourceDocument[] {
  // PostgreSQL stores no NUL, and no half of a surrogate pair.
  if (text.includes('\0') || !text.isWellFormed())
    throw new UnreadableRows({ detail: 'the CSV holds characters that are none' });
  try {
    return parse(text, {
      bom: true,
      columns: (header: string[]) => {
        if (header.length > MOST_COLUMNS) throw unreadable(1, `has more than ${MOST_COLUMNS} columns`);
        return header.map((name) => name.trim());
      },
      skip_empty_lines: true,
      max_record_size: LONGEST_LINE_BYTES,
    }) as SourceDocument[];
  } catch (error) {
    if (error instanceof CsvError) throw new UnreadableRows({ detail: error.message });
    throw error;
  }
}

function withoutMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

function unreadable(line: number, what: string): Error {
  return new UnreadableRows({ detail: `line ${line} ${what}` });
}
