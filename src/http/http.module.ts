import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE, DiscoveryModule } from '@nestjs/core';
import { Config } from '../config/config.js';
import { EdgeGuard } from './access/edge.guard.js';
import { RoutePolicies } from './access/route-policies.js';
import { AuthenticationStrategies } from './authentication/authentication-strategies.js';
import { HttpMetrics } from './http-metrics.js';
import { Idempotency } from './idempotency/idempotency.js';
import { IdempotencySystemRepository } from './idempotency/idempotency.system-repository.js';
import { ProblemFilter } from './problems/problem.filter.js';
import { Readiness } from './readiness.js';
import { ClientAddresses } from './security/client-address.js';
import { TenantResolver } from './tenancy/tenant-resolver.js';
import { validationPipe } from './validation/validation.pipe.js';

/** The modules that answer what the edge asks. */
export interface EdgePorts {
  readonly tenants: Type;
  readonly memberships: Type;
  readonly permissions: Type;
}

/** The edge: every request passes here before any controller. */
@Module({
  providers: [
    RoutePolicies,
    AuthenticationStrategies,
    TenantResolver,
    Readiness,
    HttpMetrics,
    Idempotency,
    IdempotencySystemRepository,
    {
      provide: ClientAddresses,
      inject: [Config],
      useFactory: (config: Config) => new ClientAddresses(config.http.trustedProxies),
    },
    { provide: APP_GUARD, useClass: EdgeGuard },
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_PIPE, useFactory: validationPipe },
  ],
  exports: [RoutePolicies, AuthenticationStrategies, Readiness, HttpMetrics, Idempotency, ClientAddresses],
})
export class HttpModule {
  /**
   * @param ports what the edge asks other modules for.
   * @param ports.tenants the module that binds and exports the `TenantDirectory`, by which the edge finds tenants.
   * @param ports.memberships the module that binds and exports `Memberships`: who belongs to which organization.
   * @param ports.permissions the module that binds and exports `PermissionChecks`: what people may do.
   */
  static with({ tenants, memberships, permissions }: EdgePorts): DynamicModule {
    return {
      module: HttpModule,
      global: true,
      imports: [DiscoveryModule, tenants, memberships, permissions],
      exports: [tenants, memberships, permissions],
    };
  }
}
