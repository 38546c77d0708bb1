import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config } from '../config/config.js';
import { type Environment, loadConfig, withValues } from '../config/load-config.js';
import { EmbeddedPostgres } from '../embedded-postgres/embedded-postgres.js';
import { freePort } from '../embedded-postgres/free-port.js';
import { MASTER_KEY_BYTES } from '../kernel/crypto/key-ring.js';
import { Secret } from '../kernel/crypto/secret.js';

export interface ResolvedConfig {
  readonly config: Config;
  /** The PostgreSQL that was started because none was configured; to be stopped last. */
  readonly embedded?: EmbeddedPostgres;
}

/**
 * Reads the environment and fills in what development may leave out: a database, master keys, the public URL.
 * @throws ConfigError; EmbeddedPostgresUnavailable
 */
export async function resolveConfig(env: Environment): Promise<ResolvedConfig> {
  const config = withKeyRing(await withAddress(loadConfig(env)));
  if (config.database.url !== undefined) return { config };
  const embedded = await EmbeddedPostgres.start({ folder: join(dataDirOf(config), 'postgres') });
  const url = new Secret(embedded.runtimeUrl);
  const migrationUrl = new Secret(embedded.ownerUrl);
  return { config: withValues(config, { database: { url, migrationUrl } }), embedded };
}

export function dataDirOf(config: Config): string {
  return resolve(config.database.dataDir);
}

/** Links in mails and the issuer of tokens need the address before the port is open, so a free port is chosen here. */
async function withAddress(config: Config): Promise<Config> {
  const port = config.http.port === 0 ? await freePort() : config.http.port;
  const publicUrl = config.http.publicUrl ?? new URL(`http://localhost:${port}`);
  return withValues(config, { http: { port, publicUrl } });
}

/** Development keys live beside the data they seal: sessions and sealed values survive a restart. */
function withKeyRing(config: Config): Config {
  if (config.secrets.keyRing !== undefined) return config;
  const folder = dataDirOf(config);
  const file = join(folder, 'secrets');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(file, `dev:${randomBytes(MASTER_KEY_BYTES).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return withValues(config, { secrets: { keyRing: new Secret(readFileSync(file, 'utf8').trim()) } });
}
