import type { DataSource } from 'typeorm';
import { authsomeDataSource } from '../../../ormconfig.js';
import type { Config } from '../../config/config.js';
import { ConfigError, type Environment } from '../../config/load-config.js';
import { EmbeddedPostgresUnavailable } from '../../embedded-postgres/embedded-postgres-unavailable.js';
import { loadArgon2Engine } from '../../kernel/crypto/argon2-engine.js';
import { KeyRing } from '../../kernel/crypto/key-ring.js';
import { databaseUrlOf } from '../../kernel/kernel.module.js';
import { Schema } from '../../kernel/persistence/schema.js';
import { type ResolvedConfig, resolveConfig } from '../resolve-config.js';

type Verdict = 'ok' | 'warn' | 'fail';

interface Finding {
  readonly verdict: Verdict;
  readonly text: string;
}

const OLDEST_POSTGRES = 150_000;
const OLDEST_NODE = [20, 19] as const;
const MOST_CLOCK_DIFFERENCE_MS = 5_000;

const ok = (text: string): Finding => ({ verdict: 'ok', text });
const warn = (text: string): Finding => ({ verdict: 'warn', text });
const fail = (text: string): Finding => ({ verdict: 'fail', text });

/** Looks at what usually goes wrong and says what to do about it. Exit status 1 when something must change. */
export async function doctor(env: Environment): Promise<void> {
  const findings = [nodeVersion(), ...(await examine(env))];
  const marks: Record<Verdict, string> = { ok: '  ok  ', warn: ' warn ', fail: ' FAIL ' };
  for (const { verdict, text } of findings) console.log(`[${marks[verdict]}] ${text}`);
  if (findings.some(({ verdict }) => verdict === 'fail')) process.exitCode = 1;
}

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const recent = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  const text = `Node.js ${process.versions.node}`;
  return recent ? ok(text) : fail(`${text}: install ${OLDEST_NODE.join('.')} or newer`);
}

async function examine(env: Environment): Promise<Finding[]> {
  let resolved: ResolvedConfig;
  try {
    resolved = await resolveConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((problem) => fail(`configuration: ${problem}`));
    if (error instanceof EmbeddedPostgresUnavailable) return [fail(`embedded PostgreSQL: ${error.message}`)];
    throw error;
  }
  try {
    const { config } = resolved;
    return [ok(`configuration (${config.mode})`), ...(await settings(config)), ...(await database(config))];
  } finally {
    await resolved.embedded?.stop();
  }
}

async function settings({ http, secrets, mail, billing, isProduction }: Config): Promise<Finding[]> {
  const keys = secrets.keyRing === undefined ? 0 : KeyRing.parse(secrets.keyRing).ids.length;
  const engine = await loadArgon2Engine();
  const https = http.publicUrl?.protocol === 'https:';
  return [
    ok(`${keys} master key${keys === 1 ? '' : 's'}`),
    engine.name === 'argon2'
      ? warn('passwords are hashed by the slower build: the optional package @node-rs/argon2 did not load')
      : ok(`passwords are hashed by ${engine.name}`),
    https || !isProduction
      ? ok(`public URL ${http.publicUrl?.href ?? ''}`)
      : warn('AUTHSOME_PUBLIC_URL is not https: browsers will not keep session cookies'),
    mail.driver === 'log'
      ? warn('AUTHSOME_MAIL_DRIVER=log sends nothing: nobody can verify an address')
      : ok(`mail by ${mail.driver ?? ''}`),
    billing.driver === 'noop' && isProduction
      ? warn('billing is noop: every feature is allowed')
      : ok(`billing ${billing.driver}`),
    http.trustedProxies.length === 0 && isProduction
      ? warn('AUTHSOME_TRUSTED_PROXIES is empty: behind a balancer, all clients share one address and its limits')
      : ok('trusted proxies'),
  ];
}

async function database(config: Config): Promise<Finding[]> {
  const dataSource = authsomeDataSource({ url: databaseUrlOf(config), poolSize: 1 });
  try {
    await dataSource.initialize();
  } catch (error) {
    return [fail(`database: ${(error as Error).message || 'it cannot be reached'}; check AUTHSOME_DATABASE_URL`)];
  }
  try {
    return [
      await serverVersion(dataSource),
      await clock(dataSource),
      await role(dataSource, config),
      await schema(dataSource),
    ];
  } finally {
    await dataSource.destroy();
  }
}

async function serverVersion(dataSource: DataSource): Promise<Finding> {
  const [row] = await dataSource.query<{ number: string; name: string }[]>(
    "SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS name",
  );
  const recent = Number(row?.number) >= OLDEST_POSTGRES;
  return recent ? ok(`PostgreSQL ${row?.name ?? ''}`) : fail(`PostgreSQL ${row?.name ?? ''}: 15 or newer is needed`);
}

async function clock(dataSource: DataSource): Promise<Finding> {
  const [row] = await dataSource.query<{ ms: number }[]>(
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::double precision AS ms',
  );
  const difference = Math.abs((row?.ms ?? 0) - (performance.timeOrigin + performance.now()));
  return difference <= MOST_CLOCK_DIFFERENCE_MS
    ? ok('the clocks of this host and of the database agree')
    : warn(
        `the clocks of this host and of the database differ by ${Math.round(difference / 1_000)} s; the database’s counts`,
      );
}

async function role(dataSource: DataSource, config: Config): Promise<Finding> {
  const [row] = await dataSource.query<{ name: string; super: boolean; owner: boolean }[]>(
    `SELECT current_user AS name, rolsuper AS super,
       EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user) AS owner
     FROM pg_roles WHERE rolname = current_user`,
  );
  if (row?.super === true) return warn(`the service connects as a superuser (${row.name}); give it a role of its own`);
  if (row?.owner === true && config.isProduction) {
    return warn(`the service connects as the owner of its tables (${row.name}); see AUTHSOME_DATABASE_MIGRATION_URL`);
  }
  return ok(`database role ${row?.name ?? ''}`);
}

async function schema(dataSource: DataSource): Promise<Finding> {
  const { pending, newer } = await new Schema(dataSource).status();
  if (pending.length > 0) return warn(`${pending.length} migrations are pending: run \`authsome migrate up\``);
  return newer.length > 0 ? warn('the schema is newer than this build') : ok('the schema is up to date');
}
