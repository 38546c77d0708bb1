import { randomBytes } from 'node:crypto';
import { AppsService } from '../../dist/src/apps/apps.service.js';
import { loadConfig } from '../../dist/src/config/load-config.js';
import { createApp } from '../../dist/src/create-app.js';
import { EnvironmentsService } from '../../dist/src/environments/environments.service.js';
import { SYSTEM_ACTOR } from '../../dist/src/kernel/audit/audit-trail.js';
import { scopeTo } from '../../dist/src/kernel/context/scope.js';
import { Starter } from '../../dist/src/start/starter.js';
import { SECRETS } from './processes.mjs';

/** The service within this process, for what is measured without HTTP around it. @param mailer receives the mails. */
export async function startInProcess(database, { env = {}, mailer } = {}) {
  const config = loadConfig({
    AUTHSOME_DATABASE_URL: database.runtimeUrl,
    AUTHSOME_DATABASE_MIGRATION_URL: database.ownerUrl,
    AUTHSOME_SECRETS: SECRETS,
    AUTHSOME_PUBLIC_URL: 'http://127.0.0.1:1',
    AUTHSOME_MAIL_DRIVER: 'log',
    AUTHSOME_LOG_LEVEL: 'error',
    AUTHSOME_WORKER_ENABLED: 'false',
    ...env,
  });
  const app = await createApp(config, mailer === undefined ? {} : { messaging: { mailer } });
  await app.init();
  await app.get(Starter, { strict: false }).start();
  return {
    get: (token) => app.get(token, { strict: false }),
    /** The default environment of a new app. */
    async tenant() {
      const slug = `bench-${randomBytes(4).toString('hex')}`;
      const { id } = await app.get(AppsService, { strict: false }).create({ name: 'Bench', slug }, SYSTEM_ACTOR);
      const environments = await app.get(EnvironmentsService, { strict: false }).list(scopeTo.app(id));
      return scopeTo.env(id, environments.find(({ isDefault }) => isDefault).id);
    },
    async stop() {
      await app.get(Starter, { strict: false }).stop();
      await app.close();
    },
  };
}
