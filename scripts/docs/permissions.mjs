import { code, COMMAND, grouped, page, table } from './markdown.mjs';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

export function permissionsPage(document) {
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    METHODS.filter((method) => methods[method] !== undefined).map((method) => ({
      name: code(`${method.toUpperCase()} ${path}`),
      ...methods[method],
    })),
  );
  const groups = grouped(routes, ({ tags }) => tags?.[0] ?? 'Other');
  return page(
    'Permissions',
    'Every route has exactly one access rule, and the server enforces the rule that is written here: both come from one decorator. A route without a rule stops the start.',
    table(
      ['Who', 'What that means'],
      [
        ['Anyone', 'No credential is looked at.'],
        [
          'Anyone, for an environment',
          'The request names its environment by `X-Publishable-Key`, or by `app_id` and optionally `X-Authsome-Environment`.',
        ],
        ['A signed-in user', 'Session cookie or access token; reaches what is theirs, in their own environment.'],
        [
          'A signed-in user, freshly',
          'The same, and identity was proved within the reauthentication window (`POST /v1/reauthenticate`). Otherwise `reauth_required`.',
        ],
        [
          'An operator of the app',
          'A user of the platform app to whom the app was granted, or a platform owner. `app_id` names the app where the path does not.',
        ],
        ['A platform owner', 'An operator who reaches every app.'],
        [
          'An operator who impersonates',
          'Acts as a user for a limited time; every other route answers `impersonation_not_allowed`. See [operators.md](operators.md).',
        ],
      ],
    ),
    'What belongs to somebody else is answered as if it did not exist.',
    ...[...groups].sort(([a], [b]) => a.localeCompare(b)).map(([tag, members]) => section(tag, members)),
  );
}

function section(tag, routes) {
  const rows = routes.map((route) => [route.name, route.summary ?? '', who(route)]);
  return `## ${tag}\n\n${table(['Route', 'What it does', 'Who may call'], rows)}`;
}

function who(operation) {
  const access = operation['x-access'];
  if (access === undefined) throw new Error(`${operation.operationId} has no x-access`);
  switch (access.kind) {
    case 'public': {
      const tenant = {
        required: 'Anyone, for an environment',
        optional: 'Anyone; may name an environment',
        none: 'Anyone',
      }[access.tenant];
      return access.session ? `${tenant}; a session is recognised` : tenant;
    }
    case 'session':
      if (access.impersonators) return 'A signed-in user, or an operator who impersonates them';
      if (access.operators) return 'A signed-in user, or an operator of the app';
      return access.fresh ? 'A signed-in user, freshly' : 'A signed-in user';
    case 'permission':
      return [
        `Whoever holds \`${access.action}\` on \`${access.resource}\``,
        ...(access.organization ? ['be it in the organization alone'] : []),
        'or an operator of the app',
      ].join(', ');
    case 'key':
      return 'An API key, about itself';
    case 'organization':
      return [
        access.role === 'member' ? 'A member of the organization' : `An ${access.role} of the organization`,
        ...(access.fresh ? ['freshly'] : []),
        'whoever holds `manage` on `organization`',
        'or an operator of the app',
      ].join(', ');
    case 'operator':
      if (access.reach === 'every_app') return 'A platform owner';
      return [
        'An operator of the app',
        ...(access.target === 'environment' ? ['for an environment'] : []),
        ...(access.fresh ? ['freshly'] : []),
      ].join(', ');
    default:
      throw new Error(`scripts/docs/permissions.mjs knows no access of kind ${access.kind}`);
  }
}

/** JSON has no comments: where the file comes from is an extension of the document. */
export function openApiFile(document) {
  return `${JSON.stringify({ 'x-generated': `From the code by \`${COMMAND}\`. Do not edit.`, ...document }, null, 2)}\n`;
}
