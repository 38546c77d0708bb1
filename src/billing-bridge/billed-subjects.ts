import { Injectable } from '@nestjs/common';
import { TENANT_CHANGED } from '../http/tenancy/tenant-changed.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { LiveCache } from '../kernel/notifications/live-cache.js';
import { Notifications } from '../kernel/notifications/notifications.js';
import { defineSetting } from '../settings/setting-definition.js';
import { settingPlace } from '../settings/setting-place.js';
import { choice } from '../settings/setting-types.js';
import { SettingsReader } from '../settings/settings-reader.js';
import type { Subject, SubjectKey } from './ledger.js';

const TENANT_MODES = ['organization', 'user', 'app'] as const;
export type TenantMode = (typeof TENANT_MODES)[number];

export const TENANT_MODE = defineSetting<TenantMode>({
  key: 'subscription.tenant_mode',
  displayName: 'Who is billed',
  description:
    'Whether usage and entitlements are the organization’s that is acted for (and the app’s where there is none), each user’s, or the app’s.',
  type: choice(TENANT_MODES),
  scopes: ['global', 'app', 'environment'],
  default: () => 'organization',
});

/** Whom an operation concerns. */
export interface BilledParties {
  /** The organization of the resource, or else the one that the session acts for. */
  readonly orgId?: Id<'organization'> | null;
  readonly userId?: Id<'user'> | null;
}

const MOST_REMEMBERED = 10_000;

/** Finds out who is billed for something: the environment's setting decides, and the app is billed where nobody else is. */
@Injectable()
export class BilledSubjects {
  readonly #modes: LiveCache<{ readonly mode: TenantMode }>;

  constructor(
    private readonly settings: SettingsReader,
    notifications: Notifications,
  ) {
    this.#modes = new LiveCache(notifications, TENANT_CHANGED, MOST_REMEMBERED);
  }

  async of(scope: EnvScope, parties: BilledParties): Promise<Subject> {
    const { mode } = await this.#modes.remember(scope.envId, async () => ({
      mode: await this.settings.value(settingPlace.environment(scope), TENANT_MODE),
    }));
    return { scope, key: subjectKeyOf(scope, mode, parties) };
  }
}

export function subjectKeyOf({ appId }: EnvScope, mode: TenantMode, { orgId, userId }: BilledParties): SubjectKey {
  if (mode === 'organization' && orgId) return `org:${orgId}`;
  if (mode === 'user' && userId) return `user:${userId}`;
  return `app:${appId}`;
}
