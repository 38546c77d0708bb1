import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiDocument } from '../../../src/discovery/api-document.js';
import type { AccessRule } from '../../../src/http/access/access.js';
import type { ScopeExpression } from '../../../src/http/access/scope-expression.js';
import { RoutePolicies } from '../../../src/http/access/route-policies.js';

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly example?: unknown;
  readonly minimum?: number;
  readonly minLength?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

export interface SweptOperation {
  /** The operation id, or method and path of a route that the document leaves out on purpose. */
  readonly name: string;
  readonly method: string;
  /** With `{parameters}`. */
  readonly path: string;
  readonly access: AccessRule;
  /** What API keys need; undefined where none may call. */
  readonly scopes: ScopeExpression | undefined;
  /** The documented success; undefined for a route that the document leaves out. */
  readonly success: number | undefined;
  readonly body: Schema | undefined;
}

interface Documented {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, unknown>>;
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

/** Every route there is, by the policies the guard enforces, with what the document says about it: nothing is listed by hand. */
export class Operations {
  readonly all: readonly SweptOperation[];
  /** By the names that references have. */
  readonly schemas: Readonly<Record<string, Schema>>;

  constructor(app: NestFastifyApplication) {
    const document = app.get(ApiDocument).get();
    const paths = document.paths as unknown as Record<string, Record<string, Documented> | undefined>;
    this.schemas = (document.components?.schemas ?? {}) as Record<string, Schema>;
    this.all = app.get(RoutePolicies).routes.map(({ method, path: declared, policy }) => {
      const path = declared.replace(/:(\w+)/g, '{$1}');
      const documented = paths[path]?.[method.toLowerCase()];
      const success = Object.keys(documented?.responses ?? {}).find((status) => status.startsWith('2'));
      return {
        name: documented?.operationId ?? `${method} ${path}`,
        method,
        path,
        access: policy.access,
        scopes: policy.scopes,
        success: success === undefined ? undefined : Number(success),
        body: documented?.requestBody?.content['application/json']?.schema,
      };
    });
  }

  /** `[name, operation]` pairs, as `it.each` wants them. */
  where(condition: (operation: SweptOperation) => boolean): [string, SweptOperation][] {
    return this.all.filter(condition).map((operation) => [operation.name, operation]);
  }

  resolve(schema: Schema): Schema {
    if (schema.$ref === undefined) return schema;
    const found = this.schemas[schema.$ref.split('/').at(-1) ?? ''];
    if (found === undefined) throw new Error(`${schema.$ref} is not in the document`);
    return found;
  }

  /** The smallest body the document allows. */
  sample(schema: Schema): unknown {
    const { type, example, properties = {}, required = [], ...rest } = this.resolve(schema);
    if (example !== undefined) return example;
    if (rest.enum !== undefined) return rest.enum[0];
    switch (typeof type === 'string' ? type : type?.[0]) {
      case 'string':
        if (/^\^[a-z]+_$/.test(rest.pattern ?? '')) return `${rest.pattern?.slice(1)}01jd3v3x6pe0p9m2s5f7q8w9ab`;
        return rest.format === 'uri' ? 'https://example.com/a' : 'sample'.padEnd(rest.minLength ?? 0, '-');
      case 'integer':
        return rest.minimum ?? 1;
      case 'boolean':
        return true;
      case 'array':
        return [];
      default:
        return Object.fromEntries(required.map((name) => [name, this.sample(properties[name] as Schema)]));
    }
  }
}
