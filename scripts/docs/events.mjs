import { eventCatalogue } from '../../dist/src/kernel/events/event-map.js';
import { readPayloads } from './event-payloads.mjs';
import { code, grouped, page, table } from './markdown.mjs';

const GROUPS = {
  admin: ['Administration', 'What operators do to accounts.'],
  api_key: ['API keys', ''],
  api_key_policy: ['Policies of API keys', ''],
  app: ['Apps', ''],
  auth: ['Signing up and in', ''],
  device: ['Devices', ''],
  environment: ['Environments', ''],
  users: ['Users in bulk', ''],
  user_import: ['Imports', ''],
  form_config: ['Form configurations', ''],
  impersonation: ['Impersonation', ''],
  operator: ['Operators', ''],
  org: ['Organizations', 'Who belongs together, as what, and who was asked to join.'],
  publishable_key: ['Publishable keys', ''],
  rbac: ['Roles and permissions', ''],
  service_account: ['Service accounts', ''],
  billing: ['Billing', 'Recorded by the embedded billing engine. Amounts are minor units (cents).'],
  session: ['Sessions', ''],
  setting: ['Settings', ''],
  user: ['Users', ''],
  webhook: ['Webhooks', ''],
};

export function eventsPage() {
  const payloads = readPayloads();
  const groups = grouped(eventCatalogue(), ({ name }) => name.split('.')[0]);
  return page(
    'Events',
    'A fact is recorded in the transaction that makes it true: it is there if, and only if, the change is. Each has an id (`aevt_…`), a subject, a time and the payload below. Payloads hold identifiers and public values, never secrets, and grow by new fields only.',
    '`events.within(name, handler)` takes part in the transaction and may veto; see [extending.md](extending.md).',
    ...[...groups].map(([noun, events]) => section(noun, events, payloads)),
  );
}

function section(noun, events, payloads) {
  const [title, intro] = GROUPS[noun] ?? [];
  if (title === undefined) throw new Error(`scripts/docs/events.mjs has no heading for events of ${noun}`);
  const rows = events.map(({ name, when }) => {
    const payload = payloads.get(name);
    if (payload === undefined) throw new Error(`event ${name} is described, but no EventMap declares it`);
    return [code(name), when, payload.map(describe).join(', ')];
  });
  return [`## ${title}`, intro, table(['Event', 'When', 'Payload'], rows)].filter(Boolean).join('\n\n');
}

function describe({ name, optional, ...type }) {
  return code(`${name}${optional ? '?' : ''}: ${written(type)}`);
}

/** Identifiers are written as their values look, named unions by their members. */
function written({ kind, prefix, choices, type }) {
  if (kind === 'id') return `${prefix}_…`;
  return kind === 'choice' ? choices.join(' | ') : type;
}
