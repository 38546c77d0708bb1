import { Injectable } from '@nestjs/common';
import { TENANT_CHANGED } from '../http/tenancy/tenant-changed.js';
import type { EnvScope } from '../kernel/context/scope.js';
import { LiveCache } from '../kernel/notifications/live-cache.js';
import { Notifications } from '../kernel/notifications/notifications.js';
import { FormAnswers } from './form-answers.js';
import { FormConfigsService } from './form-configs.service.js';
import type { FormType } from './form-field.js';

type FormsInUse = ReadonlyMap<FormType, FormAnswers>;

const MOST_CACHED = 1_000;

/** The forms that people fill in, compiled, from memory. */
@Injectable()
export class ActiveForms {
  readonly #forms: LiveCache<FormsInUse>;

  constructor(
    private readonly configs: FormConfigsService,
    notifications: Notifications,
  ) {
    this.#forms = new LiveCache(notifications, TENANT_CHANGED, MOST_CACHED);
  }

  /** @returns undefined when nothing is asked. @throws Error when a stored form does not compile: then nobody gets past it (R349). */
  async of(scope: EnvScope, formType: FormType): Promise<FormAnswers | undefined> {
    return (await this.all(scope)).get(formType);
  }

  all(scope: EnvScope): Promise<FormsInUse> {
    return this.#forms.remember(scope.envId, async () => {
      const forms = await this.configs.active(scope);
      return new Map(forms.map(({ formType, fields }) => [formType, new FormAnswers(fields)]));
    });
  }
}
