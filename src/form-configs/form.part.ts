import { Injectable, type OnModuleInit } from '@nestjs/common';
import { EnvironmentParts, type EnvironmentPart, type PartDocument } from '../environments/environment-parts.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { SettingAuthor } from '../settings/settings.service.js';
import { FormConfigsService } from './form-configs.service.js';
import type { FormField, FormType } from './form-field.js';

/** The active forms of an environment, each under its type. What travels becomes a new version there. */
@Injectable()
export class FormPart implements EnvironmentPart, OnModuleInit {
  readonly kind = 'form';

  constructor(
    private readonly parts: EnvironmentParts,
    private readonly forms: FormConfigsService,
  ) {}

  onModuleInit(): void {
    this.parts.register(this);
  }

  async read(scope: EnvScope): Promise<ReadonlyMap<string, PartDocument>> {
    return new Map((await this.forms.active(scope)).map(({ formType, fields }) => [formType, { fields }]));
  }

  async write(
    scope: EnvScope,
    key: string,
    document: PartDocument | undefined,
    { actor }: SettingAuthor,
  ): Promise<void> {
    const formType = key as FormType;
    if (document === undefined) await this.forms.clear(scope, formType, actor);
    else await this.forms.create(scope, formType, document.fields as readonly FormField[], true, actor);
  }
}
