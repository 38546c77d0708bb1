#!/usr/bin/env node
import 'reflect-metadata';
import { Command, InvalidArgumentError, Option } from 'commander';
import { ConfigError, EXIT_CONFIG } from '../config/load-config.js';
import { StartRefused } from '../bootstrap/start-refused.js';
import { EmbeddedPostgresUnavailable } from '../embedded-postgres/embedded-postgres-unavailable.js';
import { MAPPING_NAMES } from '../user-imports/mappings/mappings.js';
import { CONFLICT_POLICIES } from '../users/bulk-users.service.js';
import { PACKAGE } from '../start/package-info.js';
import { auditHead, auditVerify } from './commands/audit.js';
import { bootstrap } from './commands/bootstrap.js';
import { conformanceOfKeyManager, conformanceOfLedger } from './commands/conformance.js';
import { doctor } from './commands/doctor.js';
import { listen, type ListenOptions } from './commands/listen.js';
import { migratePlan, migrateStatus, migrateUp } from './commands/migrate.js';
import { grantOperator, listOperators, type OperatorOptions, revokeOperator } from './commands/operators.js';
import { printOpenApi } from './commands/openapi.js';
import { serve } from './commands/serve.js';
import { exportUsers, type ImportOptions, importUsers } from './commands/users.js';
import { CommandRefused, type ServiceOptions } from './service-client.js';

const program = new Command('authsome')
  .description(
    'Self-hosted authentication and identity. Settings are environment variables: see docs/configuration.md.',
  )
  .version(PACKAGE.version);

program
  .command('serve', { isDefault: true })
  .description('run the service')
  .action(() => serve(process.env));

const migrate = program.command('migrate').description('the database schema');
migrate
  .command('up')
  .description('apply pending migrations')
  .action(() => migrateUp(process.env));
migrate
  .command('status')
  .description('list migrations')
  .action(() => migrateStatus(process.env));
migrate
  .command('plan')
  .description('print the SQL of pending migrations')
  .action(() => migratePlan(process.env));

program
  .command('bootstrap')
  .description('make the platform app, the default app and what belongs to them; idempotent')
  .option('--json', 'print JSON', false)
  .option(
    '--apps <n>',
    'also make apps with operators to try the service with; development only (default with --json: 2)',
    count,
  )
  .action((options: { json: boolean; apps?: number }) => bootstrap(process.env, options));

const operators = program.command('operators').description('who administers the platform and its apps');
operators
  .command('list')
  .description('print them')
  .option('--app <id>', 'only those who reach this app')
  .action((options: OperatorOptions) => listOperators(process.env, options));
operators
  .command('grant <who>')
  .description('make a user of the platform app (e-mail or id) a platform owner, or an operator of one app')
  .option('--app <id>', 'this app alone')
  .action((who: string, options: OperatorOptions) => grantOperator(process.env, who, options));
operators
  .command('revoke <who>')
  .description('take the platform, or one app, away; the last platform owner stays')
  .option('--app <id>', 'this app alone')
  .action((who: string, options: OperatorOptions) => revokeOperator(process.env, who, options));

program
  .command('doctor')
  .description('check configuration, database and environment')
  .action(() => doctor({ AUTHSOME_LOG_LEVEL: 'silent', ...process.env }));

program
  .command('openapi')
  .description('print the OpenAPI document')
  .action(() => printOpenApi(process.env));

const conformance = program
  .command('conformance')
  .description('hold an adapter of your own against the contract of its port');
conformance
  .command('key-manager')
  .requiredOption(
    '--module <file>',
    'its default export: a key manager, a function that makes one, or a rig (docs/bridges.md)',
  )
  .action((options: { module: string }) => conformanceOfKeyManager(options));
conformance
  .command('ledger')
  .requiredOption(
    '--module <file>',
    'its default export: a ledger, a function that makes one, or a rig (docs/bridges.md)',
  )
  .action((options: { module: string }) => conformanceOfLedger(options));

const audit = program.command('audit').description('whether the audit trail is whole');
audit
  .command('verify')
  .description(
    'hold the trail against its seals; exits with 1 and names the first entry that is altered, missing or inserted',
  )
  .option('--app <id>', 'of one app; of every app when absent')
  .option('--head <number:mac>', 'what audit head printed for the app: must still be there')
  .action((options: { app?: string; head?: string }) => auditVerify(process.env, options));
audit
  .command('head')
  .description('print the newest seal of every app, to keep elsewhere')
  .action(() => auditHead(process.env));

const users = program.command('users').description('users of a running service, many at a time');

/** Options of commands that call a running service. */
function forService(command: Command): Command {
  return command
    .requiredOption('--app <id>', 'the app')
    .option('--env <id or slug>', 'the environment; the app’s default one when absent')
    .option('--url <url>', 'where the service answers', process.env.AUTHSOME_PUBLIC_URL ?? 'http://127.0.0.1:3000')
    .option('--token <token>', 'an operator’s access token; better in AUTHSOME_TOKEN', process.env.AUTHSOME_TOKEN);
}

forService(users.command('import'))
  .argument('<file>', '.csv, .json, or one JSON object per line')
  .description('make accounts of the users in a file')
  .addOption(new Option('--mapping <source>', 'where they come from').choices([...MAPPING_NAMES]).default('authsome'))
  .addOption(
    new Option('--on-conflict <policy>', 'what happens with addresses that have an account')
      .choices([...CONFLICT_POLICIES])
      .default('skip'),
  )
  .option('--dry-run', 'only look at the rows', false)
  .option('--hash-parameters <file>', 'Firebase’s, as JSON: signer_key, salt_separator, rounds, mem_cost')
  .option('--report <file>', 'write what became of each row, one JSON object per line')
  .action((file: string, options: ImportOptions) => importUsers(file, options));

forService(users.command('export'))
  .argument('[file]', 'where to; the terminal when absent')
  .description('write every user of an environment')
  .addOption(new Option('--format <format>').choices(['ndjson', 'csv']).default('ndjson'))
  .option('--password-hashes', 'with their password hashes: for platform owners', false)
  .action((file: string | undefined, options: ServiceOptions & { format: string; passwordHashes: boolean }) =>
    exportUsers(file, options),
  );

forService(program.command('listen'))
  .description('tell a receiver on this machine what happens in an environment from now on, signed as a webhook is')
  .option('--forward <url>', 'where to; printed when absent')
  .option('--events <patterns>', 'which, between commas: user.*,org.created')
  .option('--secret <whsec>', 'what signs; drawn when absent')
  .option('--count <n>', 'end after so many events', positive)
  .action((options: ListenOptions) => listen(options));

function positive(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('must be a whole number from 1 on');
  return Number(text);
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 20) throw new InvalidArgumentError('must be 0 to 20');
  return value;
}

try {
  await program.parseAsync();
} catch (error) {
  // What the operator can mend is said in one paragraph; anything else is a bug and shows where it is.
  if (error instanceof ConfigError) {
    console.error(`${error.message}\n\nEvery setting is described in docs/configuration.md.`);
    process.exit(EXIT_CONFIG);
  }
  if (error instanceof CommandRefused) {
    console.error(error.message);
    process.exit(1);
  }
  if (error instanceof EmbeddedPostgresUnavailable || error instanceof StartRefused) {
    console.error(error.message);
    process.exit(1);
  }
  console.error(error);
  process.exit(1);
}
