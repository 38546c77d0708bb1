import { variables } from '../../dist/src/config/variables.js';
import { code, COMMAND, page, table } from './markdown.mjs';

/** How each group of settings is introduced. A new group needs a line here. */
const GROUPS = {
  http: ['HTTP', 'Where the service listens and what it believes of those who call.'],
  metrics: ['Metrics', 'Prometheus measurements at `/metrics`.'],
  database: [
    'Database',
    'PostgreSQL is the one thing the service needs. Limits of time are enforced by PostgreSQL itself.',
  ],
  secrets: [
    'Master keys',
    'Everything that is sealed, signed or derived hangs on these. Without them nobody can sign in.',
  ],
  owner: ['First platform owner', 'Without these two, the service prints a one-time setup link at its first start.'],
  mail: ['Mail', 'How messages leave, and from whom.'],
  outbound: [
    'Outgoing calls',
    'Calls to addresses that somebody configured reach the open internet by https, and nothing else.',
  ],
  logging: ['Logs', 'Structured lines on standard output. Secrets and personal data are replaced.'],
  workers: ['Workers', 'Jobs run in every replica unless it says otherwise; they share the work through the database.'],
  billing: [
    'Billing',
    'The engine behind the Ledger bridge; see [bridges.md](bridges.md). What is in force is shown at start and at `/v1/health`.',
  ],
  keys: [
    'API keys',
    'The engine behind the Keysmith bridge; see [api-keys.md](api-keys.md). What is in force is shown at start and at `/v1/health`.',
  ],
  sessions: ['Sessions', 'Lives of tokens and sessions. An app can set some of them for itself.'],
  devices: ['Devices', 'Devices that people trust.'],
  passwords: ['Passwords', 'argon2id, in a bounded number of slots.'],
  challenges: ['Mailed codes and links', 'How long they live and how often a code may be guessed.'],
  limits: ['Rate limits', 'Written `<events>/<window>`. Counted over all replicas.'],
  lockout: ['Lockout', 'What wrong passwords for one account lead to.'],
  retention: ['Retention', 'When data that has served its purpose goes.'],
  seams: ['Seams for tests', 'Refused in production.'],
};

const MODE = {
  name: 'AUTHSOME_MODE',
  doc: '`development` fills in what is missing: a database, keys, a mailbox. `production` demands every setting that matters and refuses samples. Default: `production` when `NODE_ENV` is, otherwise `development`.',
};

const groups = Object.entries(variables).map(([name, members]) => {
  const [title, intro] = GROUPS[name] ?? [];
  if (title === undefined) throw new Error(`scripts/docs/configuration.mjs has no heading for the settings of ${name}`);
  return { title, intro, members: Object.values(members) };
});

export function configurationPage() {
  return page(
    'Configuration',
    `Every setting is an environment variable. All of them are checked at start, and every problem is reported at once (exit status 78). An
unknown \`AUTHSOME_…\` name is a problem too: a typing error does not go unnoticed. An empty value counts as absent.`,
    'Durations are written `30s`, `15m`, `24h`, `30d`; sizes `256kb`, `1mb`; lists with commas between their entries.',
    'A setting marked 🔑 is a secret: it is never printed, and it can be read from a file instead, which is named by `<NAME>_FILE`.',
    '## Mode',
    table(['Variable', 'What it does'], [[code(MODE.name), MODE.doc]]),
    ...groups.map(({ title, intro, members }) => [`## ${title}`, intro, settings(members)].join('\n\n')),
  );
}

function settings(members) {
  return table(
    ['Variable', 'Default', 'Value', 'What it does'],
    members.map((variable) => [
      code(variable.name) + (variable.secret ? ' 🔑' : ''),
      defaultOf(variable),
      variable.type,
      variable.doc + (variable.aliases.length === 0 ? '' : ` Also read from ${variable.aliases.map(code).join(', ')}.`),
    ]),
  );
}

function defaultOf(variable) {
  const [development, production] = [variable.shown('development'), variable.shown('production')];
  if (development === production) return development === '' ? '–' : code(development);
  const say = (text) => (text === '' ? 'none' : code(text));
  return `${say(development)} in development, ${say(production)} in production`;
}

export function environmentFile() {
  const lines = [
    `# Generated from the code by \`${COMMAND}\`. Do not edit: copy it to .env and change the copy.`,
    '# Everything is optional in development. docs/configuration.md describes each setting.',
    '',
    `#${MODE.name}=development`,
  ];
  for (const { title, members } of groups) {
    const offered = members.filter(({ seam }) => !seam);
    if (offered.length === 0) continue;
    lines.push('', `# ${title}`);
    for (const variable of offered) lines.push(`#${variable.name}=${example(variable)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Values with a space in them are no value but a description: they are left out. */
function example(variable) {
  const shown = variable.shown('development');
  return variable.secret || (/ /.test(shown) && !/[<@]/.test(shown)) ? '' : shown;
}
