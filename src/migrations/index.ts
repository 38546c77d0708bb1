import { Foundation1769904000000 } from './1769904000000-foundation.js';
import { FormConfigs1770200000000 } from './1770200000000-form-configs.js';
import { UserAdministration1770300000000 } from './1770300000000-user-administration.js';
import { UserImports1770400000000 } from './1770400000000-user-imports.js';
import { AuditSeals1770600000000 } from './1770600000000-audit-seals.js';
import { Roles1770800000000 } from './1770800000000-roles.js';
import { ApiKeys1771100000000 } from './1771100000000-api-keys.js';
import { UnkeyKeys1771200000000 } from './1771200000000-unkey-keys.js';
import { LeakedKeys1771300000000 } from './1771300000000-leaked-keys.js';
import { Billing1771000000000 } from './1771000000000-billing.js';
import { Webhooks1770900000000 } from './1770900000000-webhooks.js';
import { Organizations1770700000000 } from './1770700000000-organizations.js';
import { Operators1770500000000 } from './1770500000000-operators.js';
import { EventConsumers1770050000000 } from './1770050000000-event-consumers.js';
import { Settings1770000000000 } from './1770000000000-settings.js';

/** Every migration, oldest first. A shipped one is never edited: its checksum is pinned by a test. */
export const migrations = [
  Foundation1769904000000,
  Settings1770000000000,
  EventConsumers1770050000000,
  FormConfigs1770200000000,
  UserAdministration1770300000000,
  UserImports1770400000000,
  Operators1770500000000,
  AuditSeals1770600000000,
  Organizations1770700000000,
  Roles1770800000000,
  Webhooks1770900000000,
  Billing1771000000000,
  ApiKeys1771100000000,
  UnkeyKeys1771200000000,
  LeakedKeys1771300000000,
];
