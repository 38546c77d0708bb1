import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { SubjectKey } from '../../billing-bridge/ledger.js';
import { SYSTEM_ACTOR } from '../../kernel/audit/audit-trail.js';
import { type EnvScope, scopeTo } from '../../kernel/context/scope.js';
import type { StoredFact } from '../../kernel/events/event-feed.system-repository.js';
import { type EventConsumer, EventRelay } from '../../kernel/events/event-relay.js';
import { Events } from '../../kernel/events/events.js';
import { Logger } from '../../kernel/logging/logger.js';
import type { SettingDefinition } from '../../settings/setting-definition.js';
import { settingPlace } from '../../settings/setting-place.js';
import { SettingsReader } from '../../settings/settings-reader.js';
import { AUTO_SUBSCRIBE_ORG, AUTO_SUBSCRIBE_USER, DEFAULT_PLAN } from '../billing-settings.js';
import { PlansService } from '../plans/plans.service.js';
import { SubscriptionsService } from './subscriptions.service.js';

/**
 * Subscribes newcomers to the plan that the environment has for them, and ends what belongs to somebody who is gone. An organization has its
 * plan from the beginning; a user gets it a moment after signing up, which must not wait for it.
 */
@Injectable()
export class AutomaticSubscriptions implements EventConsumer, OnModuleInit {
  readonly name = 'billing.newcomers';
  readonly events = ['user.created'] as const;

  constructor(
    private readonly subscriptions: SubscriptionsService,
    private readonly plans: PlansService,
    private readonly settings: SettingsReader,
    private readonly facts: Events,
    private readonly relay: EventRelay,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.relay.consume(this);
    this.facts.within('org.created', (scope, { payload }) =>
      this.welcome(scope as EnvScope, `org:${payload.org_id}`, AUTO_SUBSCRIBE_ORG),
    );
    this.facts.within('org.deleted', (scope, { payload }) =>
      this.subscriptions.endAll(scope as EnvScope, `org:${payload.org_id}`, SYSTEM_ACTOR),
    );
    this.facts.within('user.account_deleted', (scope, { payload }) =>
      this.subscriptions.endAll(scope as EnvScope, `user:${payload.user_id}`, SYSTEM_ACTOR),
    );
  }

  async apply(facts: readonly StoredFact[]): Promise<void> {
    const wanting = new Map<string, boolean>();
    for (const { appId, envId, subjectId } of facts) {
      if (envId === null) continue;
      const scope = scopeTo.env(appId, envId);
      if (!wanting.has(envId)) wanting.set(envId, await this.isWanted(scope, AUTO_SUBSCRIBE_USER));
      if (wanting.get(envId) === true) await this.welcome(scope, `user:${subjectId}`, AUTO_SUBSCRIBE_USER);
    }
  }

  private async isWanted(scope: EnvScope, wanted: SettingDefinition<boolean>): Promise<boolean> {
    const place = settingPlace.environment(scope);
    return (await this.settings.value(place, wanted)) && (await this.settings.value(place, DEFAULT_PLAN)) !== '';
  }

  private async welcome(scope: EnvScope, key: SubjectKey, wanted: SettingDefinition<boolean>): Promise<void> {
    if (!(await this.isWanted(scope, wanted))) return;
    const plan = await this.settings.value(settingPlace.environment(scope), DEFAULT_PLAN);
    const found = await this.plans.findBySlug(scope, plan);
    if (found?.status === 'active' && !found.isAddon) {
      await this.subscriptions.create(scope, { subjectKey: key, planId: found.id }, SYSTEM_ACTOR);
    } else {
      // A slip in a setting keeps nobody from signing up.
      this.logger.warn('billing.default_plan_unknown', { env_id: scope.envId, plan });
    }
  }
}
