import { LEDGER, type Ledger } from '../../billing-bridge/ledger.js';
import { Bootstrap } from '../../bootstrap/bootstrap.service.js';
import type { Environment } from '../../config/load-config.js';
import { Passwords } from '../../kernel/crypto/passwords.js';
import { KEY_MANAGER, type KeyManager } from '../../keys-bridge/key-manager.js';
import { Mailer } from '../../messaging/mailer.js';
import { OperatorsService } from '../../operators/operators.service.js';
import { PACKAGE } from '../../start/package-info.js';
import { dataDirOf, resolveConfig, type ResolvedConfig } from '../resolve-config.js';
import { RunningService } from '../running-service.js';
import { type StartFacts, startScreen } from '../start-screen.js';

/** Runs the service until it is told to stop. */
export async function serve(env: Environment): Promise<void> {
  const resolved = await resolveConfig(env);
  const service = await RunningService.serve(resolved);
  stopOnSignal(service, resolved.config.http.shutdownTimeoutMs);
  const facts = await factsOf(service, resolved);
  if (resolved.config.logging.format === 'human') process.stdout.write(`${startScreen(facts)}\n`);
  const { version, readyInMs, database, bridges, mailer } = facts;
  service.logger.info('service.ready', { version, ready_in_ms: readyInMs, database, bridges, mailer });
  if (facts.setupToken !== undefined && resolved.config.logging.format === 'json') {
    // The one secret that is meant to be read from the log; it works once, and only while there is no owner.
    process.stdout.write(`${JSON.stringify({ event: 'setup_token', setup: facts.setupToken })}\n`);
  }
}

async function factsOf({ app }: RunningService, { config, embedded }: ResolvedConfig): Promise<StartFacts> {
  const bootstrap = app.get(Bootstrap);
  const operators = app.get(OperatorsService);
  return {
    config,
    version: PACKAGE.version,
    readyInMs: Math.round(process.uptime() * 1_000),
    database:
      embedded === undefined
        ? `PostgreSQL at ${new URL(config.database.url?.reveal() ?? '').host}`
        : `embedded PostgreSQL ${embedded.version} in ${dataDirOf(config)}`,
    bridges: { billing: app.get<Ledger>(LEDGER).name, keys: app.get<KeyManager>(KEY_MANAGER).name },
    mailer: app.get(Mailer).name,
    hasher: app.get(Passwords).hasherName,
    defaultApp: await bootstrap.describe(bootstrap.defaultSlug),
    setupToken: (await operators.hasOwner()) ? undefined : await operators.drawSetupToken(),
  };
}

/** The first signal stops gracefully; a second one, or the time limit, ends the process at once. */
function stopOnSignal(service: RunningService, limitMs: number): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(1);
    stopping = true;
    service.logger.info('service.stopping', { signal });
    setTimeout(() => process.exit(1), limitMs).unref();
    service.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        service.logger.error('service.stop_failed', { error });
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
