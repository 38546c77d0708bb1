#!/usr/bin/env node
import 'reflect-metadata';
import { Command, InvalidArgumentError } from 'commander';
import { ConfigError, EXIT_CONFIG } from '../config/load-config.js';
import { StartRefused } from '../bootstrap/start-refused.js';
import { EmbeddedPostgresUnavailable } from '../embedded-postgres/embedded-postgres-unavailable.js';
import { PACKAGE } from '../start/package-info.js';
import { bootstrap } from './commands/bootstrap.js';
import { doctor } from './commands/doctor.js';
import { migratePlan, migrateStatus, migrateUp } from './commands/migrate.js';
import { printOpenApi } from './commands/openapi.js';
import { serve } from './commands/serve.js';

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

program
  .command('doctor')
  .description('check configuration, database and environment')
  .action(() => doctor({ AUTHSOME_LOG_LEVEL: 'silent', ...process.env }));

program
  .command('openapi')
  .description('print the OpenAPI document')
  .action(() => printOpenApi(process.env));

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
  if (error instanceof EmbeddedPostgresUnavailable || error instanceof StartRefused) {
    console.error(error.message);
    process.exit(1);
  }
  console.error(error);
  process.exit(1);
}
