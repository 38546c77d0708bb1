import { Module } from '@nestjs/common';
import { OrganizationsModule } from '../organizations/organizations.module.js';
import { SettingsModule } from '../settings/settings.module.js';
import { UsersModule } from '../users/users.module.js';
import { BilledCallers } from './billed-callers.js';
import { BillingEngineModule } from './billing-engine.module.js';
import { CouponsController } from './coupons/coupons.controller.js';
import { CouponsRepository } from './coupons/coupons.repository.js';
import { CouponsService } from './coupons/coupons.service.js';
import { EmbeddedEngineGuard } from './embedded-engine.guard.js';
import { EntitlementsController } from './entitlements/entitlements.controller.js';
import { AllowancesRepository } from './grants/allowances.repository.js';
import { GrantsController } from './grants/grants.controller.js';
import { GrantsRepository } from './grants/grants.repository.js';
import { GrantsService } from './grants/grants.service.js';
import { ReservationsController } from './grants/reservations.controller.js';
import { ReservationsService } from './grants/reservations.service.js';
import { InvoicesController } from './invoices/invoices.controller.js';
import { InvoicesRepository } from './invoices/invoices.repository.js';
import { InvoicesService } from './invoices/invoices.service.js';
import { PeriodClosing } from './invoices/period-closing.js';
import { SeatCountsRepository } from './invoices/seat-counts.repository.js';
import { MetersController } from './meters/meters.controller.js';
import { MetersRepository } from './meters/meters.repository.js';
import { MetersService } from './meters/meters.service.js';
import { PlansController } from './plans/plans.controller.js';
import { PlansRepository } from './plans/plans.repository.js';
import { PlansService } from './plans/plans.service.js';
import { AutomaticSubscriptions } from './subscriptions/automatic-subscriptions.js';
import { BillingWorker } from './subscriptions/billing-worker.task.js';
import { DueSubscriptionsSystemRepository } from './subscriptions/due-subscriptions.system-repository.js';
import { SpansRepository } from './subscriptions/spans.repository.js';
import { SubscriptionLifecycle } from './subscriptions/subscription-lifecycle.js';
import { SubscriptionsController } from './subscriptions/subscriptions.controller.js';
import { SubscriptionsRepository } from './subscriptions/subscriptions.repository.js';
import { SubscriptionsService } from './subscriptions/subscriptions.service.js';
import { UsageRetention } from './usage/usage-retention.task.js';
import { UsageController } from './usage/usage.controller.js';
import { UsageRepository } from './usage/usage.repository.js';
import { UsageService } from './usage/usage.service.js';

/** Plans, subscriptions, usage, grants and invoices of an environment, administrated. What decides and counts is `BillingEngineModule`. */
@Module({
  imports: [BillingEngineModule, SettingsModule, UsersModule, OrganizationsModule],
  controllers: [
    PlansController,
    MetersController,
    SubscriptionsController,
    InvoicesController,
    CouponsController,
    EntitlementsController,
    UsageController,
    GrantsController,
    ReservationsController,
  ],
  providers: [
    BilledCallers,
    EmbeddedEngineGuard,
    PlansService,
    PlansRepository,
    MetersService,
    MetersRepository,
    SubscriptionsService,
    SubscriptionsRepository,
    SubscriptionLifecycle,
    SpansRepository,
    AutomaticSubscriptions,
    BillingWorker,
    DueSubscriptionsSystemRepository,
    InvoicesService,
    InvoicesRepository,
    PeriodClosing,
    SeatCountsRepository,
    CouponsService,
    CouponsRepository,
    GrantsService,
    GrantsRepository,
    AllowancesRepository,
    ReservationsService,
    UsageService,
    UsageRepository,
    UsageRetention,
  ],
  exports: [PlansService, SubscriptionsService, UsageService],
})
export class BillingModule {}
