import type { Environment } from '../../config/load-config.js';
import { TenantRecords } from '../../environments/tenant-records.js';
import { SYSTEM_ACTOR } from '../../kernel/audit/audit-trail.js';
import { DomainError } from '../../kernel/errors/problem.js';
import { UnknownTenant } from '../../http/tenancy/tenancy.problems.js';
import { type Id, parseId } from '../../kernel/ids/id.js';
import { type OperatorName, type OperatorRight, OperatorsService } from '../../operators/operators.service.js';
import { canonicalEmail } from '../../users/user.rules.js';
import { resolveConfig } from '../resolve-config.js';
import { RunningService } from '../running-service.js';

export interface OperatorOptions {
  /** An app's id; absent: the whole platform. */
  readonly app?: string;
}

const MOST_LISTED = 100;

/** Prints who operates an app, or the platform. */
export function listOperators(env: Environment, { app }: OperatorOptions): Promise<void> {
  return offline(env, async (service) => {
    const appId = app === undefined ? undefined : await existingApp(service, app);
    let cursor: string | undefined;
    do {
      const page = await service.app
        .get(OperatorsService)
        .list(appId, { limit: MOST_LISTED, ...(cursor === undefined ? {} : { cursor }) });
      for (const { userId, email, everyApp, appIds } of page.items) {
        console.log([userId, email ?? '', everyApp ? 'platform owner' : appIds.join(' ')].join('  '));
      }
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  });
}

/** Makes a user of the platform app, named by address or id, a platform owner or an operator of one app. */
export function grantOperator(env: Environment, who: string, options: OperatorOptions): Promise<void> {
  return offline(env, async (service) => {
    const right = await rightOf(service, options);
    const { userId } = await service.app.get(OperatorsService).grant(nameOf(who), right, SYSTEM_ACTOR);
    console.log(`granted: ${userId}`);
  });
}

/** Takes the platform, or one app, away from an operator. The last platform owner stays. */
export function revokeOperator(env: Environment, who: string, options: OperatorOptions): Promise<void> {
  return offline(env, async (service) => {
    const right = await rightOf(service, options);
    const { id } = await service.app.get(OperatorsService).revoke(nameOf(who), right, SYSTEM_ACTOR);
    console.log(`revoked: ${id}`);
  });
}

async function offline(env: Environment, work: (service: RunningService) => Promise<void>): Promise<void> {
  const service = await RunningService.offline(await resolveConfig({ AUTHSOME_LOG_LEVEL: 'warn', ...env }));
  try {
    await work(service);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  } finally {
    await service.stop();
  }
}

function nameOf(who: string): OperatorName {
  const email = canonicalEmail(who);
  return email === undefined ? { userId: parseId('user', who) } : { email };
}

async function rightOf(service: RunningService, { app }: OperatorOptions): Promise<OperatorRight> {
  return app === undefined ? 'every_app' : existingApp(service, app);
}

/** @throws MalformedId, UnknownTenant */
async function existingApp(service: RunningService, app: string): Promise<Id<'app'>> {
  const appId = parseId('app', app);
  if ((await service.app.get(TenantRecords, { strict: false }).byApp(appId)) === undefined) throw new UnknownTenant();
  return appId;
}
