import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Answer } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { TestApp } from '../../support/test-app.js';
import { Operations, type Schema, type SweptOperation } from './operations.js';
import { type RightCall, RightCalls } from './right-calls.js';
import { Stage, UNLIMITED } from './stage.js';

const app = await TestApp.start({ env: { ...UNLIMITED, AUTHSOME_LOCKOUT_FAILURES: '100000/1m' } });
const operations = new Operations(app.nest);
const ajv = new Ajv2020({ strict: false, validateFormats: false });

interface Field {
  readonly operation: SweptOperation;
  /** Names from the body down to the field. */
  readonly path: readonly string[];
  readonly schema: Schema;
}

function fieldsOf(operation: SweptOperation, schema: Schema, above: readonly string[]): Field[] {
  return Object.entries(operations.resolve(schema).properties ?? {}).flatMap(([name, declared]) => {
    const path = [...above, name];
    return [{ operation, path, schema: operations.resolve(declared) }, ...fieldsOf(operation, declared, path)];
  });
}

const withBody = operations.where(({ body }) => body !== undefined);
const fields = withBody.flatMap(([name, operation]) =>
  fieldsOf(operation, operation.body as Schema, []).map((field): [string, Field] => [
    `${name} ${field.path.join('.')}`,
    field,
  ]),
);

const LONG = 'x'.repeat(100_000);
const VALUES: readonly (readonly [what: string, value: unknown])[] = [
  ['a number', 7],
  ['a fraction', 1.5],
  ['a negative number', -1],
  ['a huge number', 1e300],
  ['true', true],
  ['an empty list', []],
  ['a list', ['x']],
  ['a list of objects', [{}]],
  ['an object', { a: 1 }],
  ['an operator object', { $gt: '' }],
  ['an object that claims a length', { length: 8 }],
  ['nothing', undefined],
  ['null', null],
  ['an empty text', ''],
  ['spaces', '   '],
  ['a text of 100 kB', LONG],
  ['letters of four bytes', '𝕬😀'],
  ['a text that reorders', '\u202eevil'],
  ['SQL', "' OR 1=1; SELECT pg_sleep(10); --"],
  ['a template', '{{7*7}}${7*7}<%= 7*7 %>'],
];
/** No text may hold them; JSON as it is sent. */
const BROKEN_TEXTS: readonly (readonly [what: string, json: string])[] = [
  ['NUL', '"a\\u0000b"'],
  ['half of a surrogate pair', '"\\ud800"'],
  ['the other half', '"\\udc00x"'],
  ['a number beyond every double', '1e400'],
  ['a prototype name', '{"__proto__":{"a":1}}'],
  ['a name twice', '{"a":1,"a":2}'],
];

describe('what is taken', () => {
  let calls: RightCalls;

  beforeAll(async () => {
    calls = new RightCalls(await Stage.set(app), operations);
  });
  afterAll(() => app.close());

  async function send(call: RightCall, operation: SweptOperation, payload: string): Promise<Answer> {
    const { path, body, on = app, ...rest } = call;
    if (body === undefined) throw new Error(`${operation.name} is called without a body`);
    return on.api.request(operation.method, path, {
      ...rest,
      payload,
      headers: { ...rest.headers, 'content-type': 'application/json' },
    });
  }

  it.each(fields)('%s: R330, R335: refuses values of another type by name, and never fails', async (_, field) => {
    const { operation, path } = field;
    let call = await calls.make(operation);
    try {
      for (const [what, value] of VALUES) {
        const answer = await send(call, operation, JSON.stringify(withField(call.body, path, value)));
        if (!allows(field, value)) {
          expectRefusal(what, answer, path);
          continue;
        }
        expect([what, answer.status < 500]).toEqual([what, true]);
        // What it was good for may be used up.
        await call.on?.close();
        call = await calls.make(operation);
      }
    } finally {
      await call.on?.close();
    }
  });

  it.each(fields)('%s: R326, R329, R330: refuses what JSON can say and nothing can mean', async (_, field) => {
    const { operation, path } = field;
    const call = await calls.make(operation);
    try {
      for (const [what, json] of BROKEN_TEXTS) {
        const body = JSON.stringify(withField(call.body, path, '@@')).replace('"@@"', json);
        const answer = await send(call, operation, body);
        expect([what, answer.status]).toEqual([what, 400]);
        expectProblem(answer, 400, 'malformed_body');
      }
    } finally {
      await call.on?.close();
    }
  });

  it.each(withBody)('%s: takes one JSON object and nothing else', async (_, operation) => {
    const call = await calls.make(operation);
    try {
      for (const json of ['[]', '[{}]', 'null', '"text"', '7', 'true', '{', '', ' ', '{"a":}', '\ufeff\ufeff{}']) {
        const answer = await send(call, operation, json);
        if ([400, 401].includes(answer.status)) expectProblem(answer, answer.status);
        else expect([json, answer.status]).toEqual([json, operation.success]);
      }
    } finally {
      await call.on?.close();
    }
  });
});

function withField(body: unknown, [name = '', ...below]: readonly string[], value: unknown): object {
  const copy = { ...Object(body) } as Record<string, unknown>;
  copy[name] = below.length === 0 ? value : withField(copy[name], below, value);
  return copy;
}

/** What the document allows; null and the empty text count as absent, so an optional field takes them too. */
function allows({ operation, schema, path }: Field, value: unknown): boolean {
  const required = operations.resolve(operation.body as Schema).required ?? [];
  const optional = path.length > 1 || !required.includes(path[0] ?? '');
  if (value === undefined || value === null || value === '') return optional || schema.minLength === 0;
  const components = { schemas: operations.schemas };
  return ajv.validate({ ...schema, $ref: undefined, properties: undefined, components }, value);
}

function expectRefusal(what: string, answer: Answer, path: readonly string[]): void {
  expect([what, answer.status]).toEqual([what, 400]);
  expectProblem(answer, 400);
  // An app that the guard cannot read is refused before the fields are looked at.
  if (answer.body.type === 'malformed_id') return;
  expect([what, answer.body.type]).toEqual([what, 'validation_failed']);
  const errors = answer.body.errors as { path: string; message: string }[];
  const named = errors.filter((error) => error.path.startsWith(path.join('.')));
  expect([what, named.length]).toEqual([what, expect.any(Number)]);
  if (named.length === 0) throw new Error(`${what}: the problem names ${errors.map((error) => error.path).join()}`);
  for (const { message } of named) expect(message.length).toBeLessThan(300);
}
