import type { DataSource } from 'typeorm';
import { authsomeDataSource } from '../../../ormconfig.js';
import type { Environment } from '../../config/load-config.js';
import { databaseUrlOf } from '../../kernel/kernel.module.js';
import { Schema, type SchemaStatus } from '../../kernel/persistence/schema.js';
import { resolveConfig } from '../resolve-config.js';

interface Owned {
  readonly schema: Schema;
  /** Set when the service runs as another role than the one that owns the schema. */
  readonly runtimeRole: string | undefined;
  readonly dataSource: DataSource;
}

/** Applies pending migrations; of several at once, one works and the others wait. */
export async function migrateUp(env: Environment): Promise<void> {
  await asOwner(env, async ({ schema, runtimeRole }) => {
    const applied = await schema.migrate();
    if (runtimeRole !== undefined) await schema.grantTo(runtimeRole);
    console.log(
      applied.length === 0 ? 'the schema is up to date' : applied.map((name) => `applied ${name}`).join('\n'),
    );
  });
}

/** Exit status 0: up to date; 1: migrations are pending. */
export async function migrateStatus(env: Environment): Promise<void> {
  await asOwner(env, async ({ schema }) => {
    const status = await schema.status();
    console.log(lines(status).join('\n'));
    if (status.pending.length > 0) process.exitCode = 1;
  });
}

/** Prints the SQL that `up` would run, and runs none of it. */
export async function migratePlan(env: Environment): Promise<void> {
  await asOwner(env, async ({ schema, dataSource }) => {
    const { pending } = await schema.status();
    for (const migration of dataSource.migrations) {
      const name = migration.name ?? migration.constructor.name;
      if (!pending.includes(name)) continue;
      console.log(`-- ${name}`);
      const print = { query: (sql: string) => Promise.resolve(console.log(`${sql.trim()};`)) };
      await migration.up(print as never);
    }
    if (pending.length === 0) console.log('-- nothing is pending');
  });
}

function lines({ known, applied, pending, newer }: SchemaStatus): string[] {
  return [
    ...known.map((name) => `${applied.includes(name) ? 'applied' : 'pending'}  ${name}`),
    ...newer.map((name) => `newer    ${name}  (from a newer release)`),
    pending.length === 0 ? 'the schema is up to date' : `${pending.length} pending: run \`authsome migrate up\``,
  ];
}

async function asOwner(env: Environment, work: (owned: Owned) => Promise<void>): Promise<void> {
  const { config, embedded } = await resolveConfig(env);
  const runtimeUrl = databaseUrlOf(config);
  const ownerUrl = config.database.migrationUrl?.reveal();
  const dataSource = authsomeDataSource({ url: ownerUrl ?? runtimeUrl, poolSize: 1 });
  try {
    await dataSource.initialize();
    const runtimeRole = ownerUrl === undefined ? undefined : decodeURIComponent(new URL(runtimeUrl).username);
    await work({ schema: new Schema(dataSource), runtimeRole, dataSource });
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
    await embedded?.stop();
  }
}
