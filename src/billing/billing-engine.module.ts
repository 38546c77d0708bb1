import { Module } from '@nestjs/common';
import { SettingsModule } from '../settings/settings.module.js';
import { EmbeddedLedger } from './entitlements/embedded.ledger.js';
import { EntitlementsRepository } from './entitlements/entitlements.repository.js';
import { QuotaWatch } from './usage/quota-watch.js';
import { QuotaWatchSystemRepository } from './usage/quota-watch.system-repository.js';
import { UsageIngest } from './usage/usage-ingest.js';
import { UsageIngestSystemRepository } from './usage/usage-ingest.system-repository.js';

/** What the bridge asks of the embedded engine: usage taken, entitlements decided. Administration is in `BillingModule`, which builds on more. */
@Module({
  imports: [SettingsModule],
  providers: [
    EmbeddedLedger,
    EntitlementsRepository,
    UsageIngest,
    UsageIngestSystemRepository,
    QuotaWatch,
    QuotaWatchSystemRepository,
  ],
  exports: [EmbeddedLedger, EntitlementsRepository, UsageIngest, UsageIngestSystemRepository],
})
export class BillingEngineModule {}
