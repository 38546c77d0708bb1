import { Module, type OnModuleInit } from '@nestjs/common';
import { EnvironmentsModule } from '../environments/environments.module.js';
import { AuthenticationStrategies } from '../http/authentication/authentication-strategies.js';
import { OutboundModule } from '../kernel/outbound/outbound.module.js';
import { OperatorsModule } from '../operators/operators.module.js';
import { OrganizationsModule } from '../organizations/organizations.module.js';
import { ServiceAccountsModule } from '../service-accounts/service-accounts.module.js';
import { SettingsModule } from '../settings/settings.module.js';
import { UsersModule } from '../users/users.module.js';
import { ApiKeyAnalyticsController } from './api-key-analytics.controller.js';
import { ApiKeyImportsController } from './api-key-imports.controller.js';
import { ApiKeyUpkeep } from './api-key-upkeep.task.js';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeysService } from './api-keys.service.js';
import { ApiKeyStrategy } from './api-key.strategy.js';
import { EmbeddedKeysModule } from './embedded-keys.module.js';
import { GrantableScopes } from './grantable-scopes.js';
import { ImportedOwners } from './imported-owners.js';
import { KeyOwners } from './key-owners.js';
import { GithubKeys } from './leaks/github-keys.js';
import { LeakMails } from './leaks/leak-mails.js';
import { LeakedSecretsRepository } from './leaks/leaked-secrets.repository.js';
import { LeaksController } from './leaks/leaks.controller.js';
import { LeaksService } from './leaks/leaks.service.js';
import { ReporterKeys } from './leaks/reporter-keys.js';
import { ServiceAccountKeysController } from './service-account-keys.controller.js';
import { KeyScopesController } from './key-scopes.controller.js';
import { KeyPoliciesController } from './policies/key-policies.controller.js';
import { KeyPolicyPart } from './policies/key-policy.part.js';
import { KeyPoliciesService } from './policies/key-policies.service.js';
import { KeyDeadlinesSystemRepository } from './rotations/key-deadlines.system-repository.js';
import { KeyDeadlines } from './rotations/key-deadlines.task.js';
import { KeyRotationsRepository } from './rotations/key-rotations.repository.js';
import { KeyUsageRepository } from './usage/key-usage.repository.js';

/** API keys of users, organizations and service accounts: administered, accepted by the edge, verified for others. */
@Module({
  imports: [
    EmbeddedKeysModule,
    OutboundModule,
    EnvironmentsModule,
    SettingsModule,
    UsersModule,
    OrganizationsModule,
    OperatorsModule,
    ServiceAccountsModule,
  ],
  controllers: [
    KeyPoliciesController,
    KeyScopesController,
    ApiKeysController,
    ApiKeyAnalyticsController,
    ApiKeyImportsController,
    ServiceAccountKeysController,
    LeaksController,
  ],
  providers: [
    ApiKeysService,
    ApiKeyStrategy,
    ApiKeyUpkeep,
    GrantableScopes,
    ImportedOwners,
    KeyOwners,
    KeyUsageRepository,
    KeyPoliciesService,
    KeyPolicyPart,
    KeyRotationsRepository,
    KeyDeadlines,
    KeyDeadlinesSystemRepository,
    LeaksService,
    LeakMails,
    LeakedSecretsRepository,
    { provide: ReporterKeys, useClass: GithubKeys },
  ],
  exports: [ApiKeysService],
})
export class ApiKeysModule implements OnModuleInit {
  constructor(
    private readonly strategies: AuthenticationStrategies,
    private readonly strategy: ApiKeyStrategy,
  ) {}

  onModuleInit(): void {
    this.strategies.use(this.strategy);
  }
}
