import { eventCatalogue } from '../../dist/src/kernel/events/event-map.js';
import { readPayloads } from './event-payloads.mjs';

const SUFFIX = '01jd3v3x6pe0p9m2s5f7q8w9ab';

/** What a text looks like in an example; a new one gets a line here. */
const TEXTS = {
  action: 'read',
  cancel_at: '2030-02-15T12:00:00.000Z',
  currency: 'usd',
  email: 'ada@example.com',
  ends_at: '2030-01-15T12:30:00.000Z',
  env_name: 'Staging',
  feature: 'authsome.users.created',
  grace_until: '2030-02-18T12:00:00.000Z',
  key: 'sessions.max_per_user',
  leak_source: 'commit',
  leak_url: 'https://github.com/acme/shop/blob/main/deploy.sh',
  meter_key: 'storage.bytes',
  name: 'Nightly export',
  org_slug: 'analytical-engines',
  origin: 'https://example.com',
  period_end: '2030-02-15T12:00:00.000Z',
  period_start: '2030-01-15T12:00:00.000Z',
  plan_slug: 'business',
  reason: 'abuse',
  resets_at: '2030-02-15T12:00:00.000Z',
  resource: 'invoices',
  role_slug: 'billing',
  scope_id: `aenv_${SUFFIX}`,
  api_key_id: `akey_${SUFFIX}`,
  api_key_policy_id: `akpl_${SUFFIX}`,
  due_at: '2030-01-22T12:00:00.000Z',
  owner_id: `ausr_${SUFFIX}`,
  slug: 'acme',
  subject: `org:aorg_${SUFFIX}`,
  team_slug: 'support',
};

/** Types of payloads as JSON Schema, for the OpenAPI document, the catalogue and test deliveries. */
export function eventSchemasFile() {
  const payloads = readPayloads();
  const lines = eventCatalogue().map(
    ({ name }) => `  '${name}': ${JSON.stringify(schemaOf(payloads.get(name) ?? []))},`,
  );
  return `// Made from the types in the *.events.ts files by \`npm run docs\`.
export interface EventField {
  readonly type: 'string' | 'integer' | 'boolean';
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly example: string | number | boolean;
}

export interface EventSchema {
  readonly type: 'object';
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, EventField>>;
}

export const EVENT_SCHEMAS: Readonly<Record<string, EventSchema>> = {
${lines.join('\n')}
};
`;
}

function schemaOf(fields) {
  return {
    type: 'object',
    required: fields.filter(({ optional }) => !optional).map(({ name }) => name),
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldOf(field)])),
  };
}

function fieldOf({ name, kind, prefix, choices, type }) {
  if (kind === 'id') return { type: 'string', pattern: `^${prefix}_`, example: `${prefix}_${SUFFIX}` };
  if (kind === 'choice') return { type: 'string', enum: choices, example: choices[0] };
  if (type === 'boolean') return { type: 'boolean', example: true };
  if (type === 'number') return { type: 'integer', example: 1 };
  if (type === 'string' && TEXTS[name] !== undefined) return { type: 'string', example: TEXTS[name] };
  throw new Error(`scripts/docs/event-schemas.mjs knows no example for ${name}: ${type}`);
}
