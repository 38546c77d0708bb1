import { Injectable } from '@nestjs/common';
import type { AppScope } from '../kernel/context/scope.js';
import { type EnvironmentResponse, toEnvironmentResponse } from './dto/environment.dto.js';
import { EnvironmentSettingsService } from './environment-settings.service.js';
import type { EnvironmentEntity } from './environment.entity.js';
import { PublishableKeysService } from './publishable-keys.service.js';

/** Environments as clients see them: with their keys and settings. Two statements, however many environments. */
@Injectable()
export class EnvironmentViews {
  constructor(
    private readonly settings: EnvironmentSettingsService,
    private readonly keys: PublishableKeysService,
  ) {}

  async one(app: AppScope, environment: EnvironmentEntity): Promise<EnvironmentResponse> {
    const [view] = await this.all(app, [environment]);
    return view as EnvironmentResponse;
  }

  async all(app: AppScope, environments: readonly EnvironmentEntity[]): Promise<EnvironmentResponse[]> {
    const keys = await this.keys.list(app);
    const settings = await this.settings.overridesOf(app);
    return environments.map((environment) =>
      toEnvironmentResponse({
        environment,
        keys: keys.filter(({ envId }) => envId === environment.id).map(({ key }) => key),
        settings: settings.get(environment.id),
      }),
    );
  }
}
