import { settingCatalogue } from '../../dist/src/settings/setting-definition.js';
import { code, grouped, page, table } from './markdown.mjs';

export function settingsPage() {
  const groups = grouped(settingCatalogue(), ({ namespace }) => namespace);
  return page(
    'Settings',
    'What can be set while the service runs: for the deployment (`global`), an app, an environment, an organization or a user. The most specific value holds, unless a more general one is enforced; where nothing is set, the default does. `GET /v1/admin/settings/resolve` says what holds and which level decided; every change is on record (`GET /v1/admin/settings/history/{key}`). Modules declare theirs with `defineSetting`.',
    'Settings of the deployment that are read once, at start, are in [configuration.md](configuration.md).',
    ...[...groups].map(([namespace, settings]) => section(namespace, settings)),
  );
}

function section(namespace, settings) {
  const rows = settings.map(({ key, type, description, scopes, sensitive }) => [
    code(key),
    `${valueOf(type)}${sensitive ? ', sensitive' : ''}`,
    description,
    scopes.join(', '),
  ]);
  return `## ${code(namespace)}\n\n${table(['Key', 'Value', 'What it decides', 'Can be set for'], rows)}`;
}

function valueOf({ name, schema }) {
  if (schema.enum !== undefined) return schema.enum.map(code).join(', ');
  if (schema.minimum !== undefined) return `${name}, ${schema.minimum}–${schema.maximum}`;
  return name;
}
