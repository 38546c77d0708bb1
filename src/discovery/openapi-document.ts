import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { Config } from '../config/config.js';
import type { Route, RoutePolicies, RoutePolicy } from '../http/access/route-policies.js';
import { PROBLEM_TYPE } from '../http/problems/problem.filter.js';
import { ENVIRONMENT_HEADER, PUBLISHABLE_KEY_HEADER } from '../http/tenancy/tenant-resolver.js';
import { PACKAGE } from '../start/package-info.js';
import { problemsOf } from './openapi-problems.js';
import { openApiWebhooks, SIGNATURE_HEADERS } from './openapi-webhooks.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Responses = Operation['responses'];

const DESCRIPTION = `Users, sessions, devices, apps and environments of one deployment.

**Tenants.** A public call names its environment with \`X-Publishable-Key\`, or with \`app_id\` and optionally \`X-Authsome-Environment\`. An authenticated call takes it from its credential.

**Errors** are problem documents (RFC 9457): \`type\` is a stable code, \`detail\` says what to do, \`request_id\` finds the log line. \`error\` and \`code\` repeat \`detail\` and \`status\`.

**Retries.** Send \`Idempotency-Key\` with a POST to repeat it safely; send \`If-Match\` with an ETag to change only what you have read.

**Lists** take \`limit\` (1 to 100) and \`cursor\`; pass \`next_cursor\` on until it is absent.`;

/** Produces the OpenAPI 3.1 document from the decorators the server enforces; nothing in it is written twice. */
export function openApiDocument(app: INestApplication, policies: RoutePolicies, config: Config): OpenAPIObject {
  const base = new DocumentBuilder()
    .setTitle('Authsome')
    .setVersion(PACKAGE.version)
    .setDescription(DESCRIPTION)
    .setOpenAPIVersion('3.1.0')
    .addServer(`${config.http.publicUrl?.href.replace(/\/$/, '') ?? ''}${config.http.pathPrefix}`)
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', bearerFormat: 'opaque or JWT', description: 'An access token.' },
      'session',
    )
    .addCookieAuth('__Host-authsome_session', { type: 'apiKey', in: 'cookie' }, 'cookie')
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-API-Key' }, 'key')
    .build();
  const document = SwaggerModule.createDocument(app, base, { ignoreGlobalPrefix: true });
  for (const route of policies.routes) describe(document, route);
  document.webhooks = openApiWebhooks();
  document.components ??= {};
  document.components.parameters = { ...document.components.parameters, ...SIGNATURE_HEADERS };
  document.components.schemas = { ...document.components.schemas, Problem: PROBLEM_SCHEMA };
  return document;
}

function describe(document: OpenAPIObject, route: Route): void {
  const path = route.path.replace(/:(\w+)/g, '{$1}');
  const operation = document.paths[path]?.[route.method.toLowerCase() as 'get'];
  if (operation === undefined) return;
  const { access } = route.policy;
  operation.security = securityOf(route.policy);
  Object.assign(operation, { 'x-access': access });
  operation.parameters = [...pathParametersOf(path, operation), ...(operation.parameters ?? []), ...headersOf(route)];
  operation.responses = { ...operation.responses, ...problemResponses(route, operation) };
}

/** The emitted metadata of a handler leave a parameter out whose type is a branded text; the path itself names every one. */
function pathParametersOf(path: string, { parameters = [] }: Operation) {
  const declared = (parameters as { in?: string; name?: string }[]).filter((parameter) => parameter.in === 'path');
  return [...path.matchAll(/\{(\w+)\}/g)]
    .map(([, name]) => name as string)
    .filter((name) => !declared.some((parameter) => parameter.name === name))
    .map((name) => ({ name, in: 'path' as const, required: true, schema: { type: 'string' as const } }));
}

function securityOf({ access, scopes }: RoutePolicy): Record<string, string[]>[] {
  const key: Record<string, string[]>[] = [{ key: [] }];
  if (access.kind === 'key') return key;
  const credentials: Record<string, string[]>[] = [{ session: [] }, { cookie: [] }];
  if (access.kind !== 'public') return scopes === undefined ? credentials : [...credentials, ...key];
  return access.session ? [{}, ...credentials] : [];
}

const header = (name: string, description: string, required = false) => ({
  name,
  in: 'header' as const,
  required,
  description,
  schema: { type: 'string' as const },
});

function headersOf({ method, path, policy }: Route) {
  const { access } = policy;
  const namesTenant = access.kind === 'public' && access.tenant !== 'none';
  const mayBeOperator =
    access.kind === 'organization' || access.kind === 'permission' || (access.kind === 'session' && access.operators);
  const ofOperators = mayBeOperator || (access.kind === 'operator' && access.target === 'environment');
  const namesEnvironment = namesTenant || ofOperators;
  const namesApp = ofOperators || (access.kind === 'operator' && access.target === 'app');
  const hasApp = namesApp && !path.includes(':appId');
  return [
    ...(namesTenant ? [header(PUBLISHABLE_KEY_HEADER, 'Names the app and the environment.')] : []),
    ...(namesEnvironment
      ? [header(ENVIRONMENT_HEADER, 'Id or slug of the environment; the default one when absent.')]
      : []),
    ...(hasApp
      ? [
          {
            name: 'app_id',
            in: 'query' as const,
            required: false,
            description: mayBeOperator
              ? 'For operators: the app to act on. Absent: the caller’s own.'
              : 'The app to act on, unless the path or the body names it.',
            schema: { type: 'string' as const },
          },
        ]
      : []),
    ...(method === 'POST' ? [header('idempotency-key', 'Makes the request safe to repeat.')] : []),
    ...(method === 'PATCH' ? [header('if-match', 'Change only this version.')] : []),
  ];
}

function problemResponses(route: Route, operation: Operation): Responses {
  const parameters = (operation.parameters ?? []) as { in?: string; name?: string }[];
  const shape = {
    hasBody: operation.requestBody !== undefined,
    hasParameters: parameters.some((parameter) => parameter.in === 'path' || parameter.in === 'query'),
    isList: parameters.some((parameter) => parameter.name === 'cursor'),
  };
  return Object.fromEntries(
    [...problemsOf(route, shape)].map(([status, codes]) => [
      String(status),
      {
        description: codes.map((code) => `\`${code}\``).join(', '),
        content: {
          [PROBLEM_TYPE]: {
            schema: {
              allOf: [{ $ref: '#/components/schemas/Problem' }, { properties: { type: { enum: [...codes] } } }],
            },
          },
        },
      },
    ]),
  ) as Responses;
}

const PROBLEM_SCHEMA = {
  type: 'object' as const,
  description: 'RFC 9457 problem document. docs/errors.md lists every type.',
  required: ['type', 'title', 'status', 'detail', 'request_id', 'error', 'code'],
  properties: {
    type: { type: 'string' as const, description: 'Stable code.' },
    title: { type: 'string' as const },
    status: { type: 'integer' as const },
    detail: { type: 'string' as const, description: 'What to do.' },
    request_id: { type: 'string' as const },
    error: { type: 'string' as const, description: 'As detail.' },
    code: { type: 'integer' as const, description: 'As status.' },
    retry_after: { type: 'integer' as const, description: 'Seconds.' },
    errors: {
      type: 'array' as const,
      items: {
        type: 'object' as const,
        required: ['path', 'code', 'message'],
        properties: {
          path: { type: 'string' as const },
          code: { type: 'string' as const },
          message: { type: 'string' as const },
        },
      },
    },
  },
};
