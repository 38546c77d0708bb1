import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { entities } from '../ormconfig.js';
import { migrations } from './migrations/index.js';
import { ApiKeysModule } from './api-keys/api-keys.module.js';
import { EmbeddedKeyManager } from './api-keys/embedded.key-manager.js';
import { EmbeddedKeysModule } from './api-keys/embedded-keys.module.js';
import { AppsModule } from './apps/apps.module.js';
import { AuthModule } from './auth/auth.module.js';
import { billingOptions } from './billing-bridge/billing-options.js';
import { BillingBridgeModule, type BillingBridgeOptions } from './billing-bridge/billing-bridge.module.js';
import { BillingEngineModule } from './billing/billing-engine.module.js';
import { BillingModule } from './billing/billing.module.js';
import { EmbeddedLedger } from './billing/entitlements/embedded.ledger.js';
import { Config } from './config/config.js';
import { DevicesModule } from './devices/devices.module.js';
import { DiscoveryModule } from './discovery/discovery.module.js';
import { ClientConfigModule } from './client-config/client-config.module.js';
import { UserImportsModule } from './user-imports/user-imports.module.js';
import { AuditModule } from './audit/audit.module.js';
import { UserAdministrationModule } from './user-administration/user-administration.module.js';
import { FormConfigsModule } from './form-configs/form-configs.module.js';
import { EnvironmentsModule } from './environments/environments.module.js';
import { HealthModule } from './health/health.module.js';
import { HttpModule } from './http/http.module.js';
import { databaseUrlOf, KernelModule, type KernelOverrides } from './kernel/kernel.module.js';
import { dataSourceOptions } from './kernel/persistence/data-source-options.js';
import { KeysBridgeModule, type KeysBridgeOptions } from './keys-bridge/keys-bridge.module.js';
import { keysOptions } from './keys-bridge/keys-options.js';
import { ImpersonationModule } from './impersonation/impersonation.module.js';
import { MessagingModule, type MessagingOverrides } from './messaging/messaging.module.js';
import { OperatorsModule } from './operators/operators.module.js';
import { MembershipsModule } from './organizations/members/memberships.module.js';
import { OrganizationsModule } from './organizations/organizations.module.js';
import { PagesModule } from './pages/pages.module.js';
import { ParkedEventsModule } from './parked-events/parked-events.module.js';
import { PermissionChecksModule } from './roles/permission-checks.module.js';
import { RolesModule } from './roles/roles.module.js';
import { ServiceAccountsModule } from './service-accounts/service-accounts.module.js';
import { SessionsModule } from './sessions/sessions.module.js';
import { SettingsModule } from './settings/settings.module.js';
import { StartModule } from './start/start.module.js';
import { StatsModule } from './stats/stats.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';
import { UsersModule } from './users/users.module.js';

/** What a Nest application that embeds the service may replace or add. */
export interface AppOptions {
  readonly billing?: BillingBridgeOptions;
  readonly keys?: KeysBridgeOptions;
  readonly messaging?: MessagingOverrides;
  readonly kernel?: KernelOverrides;
  /** Modules of one's own: their routes pass the same guard, and need an access rule like every other. */
  readonly extensions?: readonly (Type | DynamicModule)[];
}

/** The service: modules in rank order, lowest first. A module imports downwards only (test/architecture). */
@Module({})
export class AppModule {
  static register(config: Config, options: AppOptions = {}): DynamicModule {
    return {
      module: AppModule,
      imports: [
        TypeOrmModule.forRoot({
          ...dataSourceOptions(connectionOf(config)),
          entities,
          migrations,
          autoLoadEntities: true,
          // The port opens before the database is there; the starter connects.
          manualInitialization: true,
        }),
        KernelModule.register(config, options.kernel),
        HttpModule.with({
          tenants: EnvironmentsModule,
          memberships: MembershipsModule,
          permissions: PermissionChecksModule,
        }),
        MessagingModule.register(config, options.messaging),
        BillingBridgeModule.forRootAsync(
          { inject: [Config], useFactory: (settings: Config) => options.billing ?? billingOptions(settings) },
          { module: BillingEngineModule, ledger: EmbeddedLedger },
        ),
        KeysBridgeModule.forRootAsync(
          { inject: [Config], useFactory: (settings: Config) => options.keys ?? keysOptions(settings) },
          { module: EmbeddedKeysModule, keyManager: EmbeddedKeyManager },
        ),
        SettingsModule,
        AppsModule,
        EnvironmentsModule,
        FormConfigsModule,
        UserAdministrationModule,
        AuditModule,
        UserImportsModule,
        ClientConfigModule,
        UsersModule,
        DevicesModule,
        SessionsModule,
        OrganizationsModule,
        RolesModule,
        WebhooksModule,
        BillingModule,
        AuthModule,
        OperatorsModule,
        ServiceAccountsModule,
        ApiKeysModule,
        ImpersonationModule,
        StatsModule,
        ParkedEventsModule,
        PagesModule,
        DiscoveryModule,
        HealthModule,
        StartModule,
        ...(options.extensions ?? []),
      ],
    };
  }
}

function connectionOf(config: Config) {
  const { poolSize, rowPolicies, connectTimeoutMs, statementTimeoutMs, lockTimeoutMs, idleTransactionTimeoutMs } =
    config.database;
  return {
    url: databaseUrlOf(config),
    poolSize,
    rowPolicies,
    timeouts: {
      connectMs: connectTimeoutMs,
      statementMs: statementTimeoutMs,
      lockMs: lockTimeoutMs,
      idleTransactionMs: idleTransactionTimeoutMs,
    },
  };
}
