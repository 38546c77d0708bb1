import { Injectable } from '@nestjs/common';
import type { AppEntity } from '../apps/app.entity.js';
import { AppConfigsService } from '../apps/app-configs.service.js';
import { AppsService } from '../apps/apps.service.js';
import { Config } from '../config/config.js';
import { EnvironmentsService } from '../environments/environments.service.js';
import { PublishableKeysService } from '../environments/publishable-keys.service.js';
import { SYSTEM_ACTOR } from '../kernel/audit/audit-trail.js';
import { scopeTo } from '../kernel/context/scope.js';
import { SealBroken } from '../kernel/crypto/sealed-box.js';
import { Database } from '../kernel/persistence/database.js';
import { OperatorsService } from '../operators/operators.service.js';
import { SigningKeys } from '../sessions/signing-keys.js';
import { canonicalEmail } from '../users/user.rules.js';
import { StartRefused } from './start-refused.js';
import { BootstrapSystemRepository } from './bootstrap.system-repository.js';

const PLATFORM = { name: 'Platform', slug: 'platform', isPlatform: true };
const DEFAULT = { name: 'Default', slug: 'default' };

export interface BootstrappedEnvironment {
  readonly id: string;
  readonly slug: string;
  readonly type: string;
  readonly isDefault: boolean;
  readonly publishableKey: string;
}

export interface BootstrappedApp {
  readonly id: string;
  readonly slug: string;
  readonly environments: readonly BootstrappedEnvironment[];
}

/** Makes sure that a database which has the schema also has what the service cannot work without. Idempotent; replicas may race. */
@Injectable()
export class Bootstrap {
  constructor(
    private readonly repository: BootstrapSystemRepository,
    private readonly apps: AppsService,
    private readonly appConfigs: AppConfigsService,
    private readonly environments: EnvironmentsService,
    private readonly operators: OperatorsService,
    private readonly keys: PublishableKeysService,
    private readonly signingKeys: SigningKeys,
    private readonly database: Database,
    private readonly config: Config,
  ) {}

  /** Platform app, default app, signing key, and the owner that the configuration names. */
  async run(): Promise<void> {
    await this.ensureSigningKey();
    await this.database.transaction(async () => {
      await this.repository.anyTenantLock();
      if ((await this.apps.findPlatform()) !== undefined) return;
      const platform = await this.apps.create(PLATFORM, SYSTEM_ACTOR);
      // Operators are made by operators; nobody walks in.
      const scope = scopeTo.app(platform.id);
      await this.appConfigs.putClientConfig(scope, { signup_enabled: false }, { actor: SYSTEM_ACTOR, scope });
      await this.apps.create(DEFAULT, SYSTEM_ACTOR);
    });
    const { email, password } = this.config.owner;
    if (email === undefined || password === undefined) return;
    const canonical = canonicalEmail(email);
    if (canonical === undefined) throw new Error('AUTHSOME_OWNER_EMAIL is not an e-mail address');
    await this.operators.ensureOwner({ email: canonical, password: password.reveal() });
  }

  /** The current key is the canary: master keys that cannot open it would open nothing else either (R312). */
  private async ensureSigningKey(): Promise<void> {
    try {
      await this.signingKeys.ensure();
    } catch (error) {
      if (!(error instanceof SealBroken)) throw error;
      throw new StartRefused(
        'AUTHSOME_SECRETS cannot open what this database holds: it was sealed with other master keys. Add the key that was used before, or point the service at another database.',
      );
    }
  }

  /** An app with its environments, or undefined. */
  async describe(slug: string): Promise<BootstrappedApp | undefined> {
    const app = await this.apps.findBySlug(slug);
    return app && this.withEnvironments(app);
  }

  get platformSlug(): string {
    return PLATFORM.slug;
  }

  get defaultSlug(): string {
    return DEFAULT.slug;
  }

  /** Finds or creates an app: for trying things out. */
  async ensureApp(slug: string): Promise<BootstrappedApp> {
    const known = await this.apps.findBySlug(slug);
    return this.withEnvironments(known ?? (await this.apps.create({ name: slug, slug }, SYSTEM_ACTOR)));
  }

  private async withEnvironments({ id, slug }: AppEntity): Promise<BootstrappedApp> {
    const scope = scopeTo.app(id);
    const keys = await this.keys.list(scope);
    const environments = await this.environments.list(scope);
    return {
      id,
      slug,
      environments: environments.map((environment) => ({
        id: environment.id,
        slug: environment.slug,
        type: environment.type,
        isDefault: environment.isDefault,
        publishableKey: keys.find(({ envId }) => envId === environment.id)?.key ?? '',
      })),
    };
  }
}
