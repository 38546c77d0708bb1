import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { ApiDocument } from '../../src/discovery/api-document.js';
import type { Answer } from './api-client.js';

interface ResponseObject {
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>;
}

interface Operation {
  readonly responses: Readonly<Record<string, ResponseObject>>;
}

type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

/** Fields that no answer may carry, wherever they stand (R347). */
const FORBIDDEN = /"(password_hash|passwordHash|secret_hash|token_hash|access_hash|locator|code_mac|private_sealed)"/;
/** Says by the hash which token it means, to whoever has just sent the token itself; and the document, which describes that. */
const NAMES_TOKEN_HASH = /^\/(v1\/keys\/leaks\/github|\.well-known\/authsome\/openapi)(\?|$)/;

/** Holds every answer against the service's own OpenAPI document. */
export class DocumentCheck {
  readonly #paths: Paths;
  readonly #patterns: { readonly path: string; readonly pattern: RegExp }[];
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(app: NestFastifyApplication) {
    const document = app.get(ApiDocument).get();
    this.#paths = document.paths as unknown as Paths;
    (addFormats as unknown as (ajv: Ajv2020) => void)(this.#ajv);
    // RFC 6531: local parts of any alphabet. ajv-formats knows only the ASCII ones of `email`.
    this.#ajv.addFormat('idn-email', /^[^@\s]+@[a-z0-9.-]+$/);
    this.#ajv.addSchema({ $id: 'document', ...document });
    this.#patterns = Object.keys(this.#paths)
      .map((path) => ({
        path,
        pattern: new RegExp(`^${path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\w+\}/g, '[^/]+')}$`),
      }))
      // A literal segment wins over a parameter, as in the router.
      .sort((a, b) => a.path.split('{').length - b.path.split('{').length);
  }

  /** @throws when the document does not allow the answer. Paths that it does not describe are not looked at. */
  require(method: string, url: string, answer: Answer): void {
    const text = NAMES_TOKEN_HASH.test(url) ? answer.text.replaceAll('"token_hash"', '') : answer.text;
    if (FORBIDDEN.test(text))
      throw new Error(`${method} ${url} answered a field that must never leave: ${answer.text}`);
    const path = this.#patterns.find(({ pattern }) => pattern.test(url.split('?')[0] ?? ''))?.path;
    const operation = path === undefined ? undefined : this.#paths[path]?.[method.toLowerCase()];
    if (path === undefined || operation === undefined) return;
    const { status } = answer;
    if (status === 304) return;
    const response = operation.responses[String(status)];
    if (response === undefined) {
      throw new Error(`${method} ${path} answered ${status}, which its document does not know: ${answer.text}`);
    }
    const [type] = String(answer.headers['content-type'] ?? '').split(';');
    const schema = response.content?.[type ?? '']?.schema;
    if (response.content !== undefined && schema === undefined) {
      throw new Error(`${method} ${path} answered ${status} as ${type ?? 'nothing'}, which its document does not know`);
    }
    // Of what is no JSON, a table for example, the document says the type alone.
    if (schema !== undefined && /\bjson$/.test(type ?? '') && !/ndjson$/.test(type ?? ''))
      this.validate(`${method} ${path} ${status}`, schema, answer);
  }

  private validate(name: string, schema: object, answer: Answer): void {
    let validator = this.#validators.get(name);
    if (validator === undefined) {
      const inDocument = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/')) as object;
      validator = this.#ajv.compile(inDocument);
      this.#validators.set(name, validator);
    }
    if (validator(answer.body)) return;
    throw new Error(`${name} does not fit its document: ${this.#ajv.errorsText(validator.errors)}\n${answer.text}`);
  }
}
