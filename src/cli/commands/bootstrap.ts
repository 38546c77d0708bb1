import { randomBytes } from 'node:crypto';
import { Bootstrap, type BootstrappedApp } from '../../bootstrap/bootstrap.service.js';
import type { Environment } from '../../config/load-config.js';
import { isId } from '../../kernel/ids/id.js';
import { OperatorsService } from '../../operators/operators.service.js';
import { type ResolvedConfig, resolveConfig } from '../resolve-config.js';
import { RunningService } from '../running-service.js';

export interface BootstrapOptions {
  readonly json: boolean;
  /** How many apps to make for trying things out, each with an operator of its own. Development only. Default: two with `json`. */
  readonly apps?: number;
}

const DEFAULT_TRIAL_APPS = 2;

interface Credential {
  readonly user_id: string;
  readonly email: string;
  readonly password: string;
}

/** Makes what the service cannot work without; with `--apps`, also apps and operators to try it with (their passwords are shown once). */
export async function bootstrap(env: Environment, options: BootstrapOptions): Promise<void> {
  const resolved = await resolveConfig({ AUTHSOME_LOG_LEVEL: 'warn', ...env });
  const { isProduction } = resolved.config;
  const apps = options.apps ?? (options.json && !isProduction ? DEFAULT_TRIAL_APPS : 0);
  if (isProduction && apps > 0) {
    console.error('--apps makes credentials for trying things out; it does not work in production');
    process.exitCode = 1;
    return;
  }
  const service = await RunningService.offline(resolved);
  try {
    const report = await describe(service, resolved, apps);
    console.log(options.json ? JSON.stringify(report, null, 2) : readable(report));
  } finally {
    await service.stop();
  }
}

async function describe({ app }: RunningService, { config }: ResolvedConfig, apps: number) {
  const bootstrapper = app.get(Bootstrap);
  const operators = app.get(OperatorsService);
  const trial = [];
  for (let index = 1; index <= apps; index += 1) {
    const made = await bootstrapper.ensureApp(`trial-${index}`);
    trial.push({ ...appReport(made), operator: await operatorFor(operators, made) });
  }
  const [platform, main] = await Promise.all([
    bootstrapper.describe(bootstrapper.platformSlug),
    bootstrapper.describe(bootstrapper.defaultSlug),
  ]);
  return {
    url: config.http.publicUrl?.href.replace(/\/$/, ''),
    platform: platform && appReport(platform),
    default: main && appReport(main),
    ...(apps === 0 ? {} : { apps: trial }),
    ...((await operators.hasOwner()) ? {} : { setup_token: await operators.drawSetupToken() }),
  };
}

async function operatorFor(operators: OperatorsService, { id, slug }: BootstrappedApp): Promise<Credential> {
  if (!isId('app', id)) throw new Error('an app without an app id');
  const password = randomBytes(18).toString('base64url');
  const email = `operator-${slug}-${randomBytes(4).toString('hex')}@example.com`;
  const user = await operators.create({ email, password }, id);
  return { user_id: user.id, email, password };
}

function appReport({ id, slug, environments }: BootstrappedApp) {
  return {
    app_id: id,
    slug,
    environments: environments.map((environment) => ({
      env_id: environment.id,
      slug: environment.slug,
      type: environment.type,
      is_default: environment.isDefault,
      publishable_key: environment.publishableKey,
    })),
  };
}

function readable(report: Awaited<ReturnType<typeof describe>>): string {
  const apps = [report.platform, report.default, ...(report.apps ?? [])].filter((app) => app !== undefined);
  return apps
    .flatMap((app) => [
      `${app.slug} (${app.app_id})`,
      ...app.environments.map((environment) => `  ${environment.slug.padEnd(12)} ${environment.publishable_key}`),
    ])
    .join('\n');
}
