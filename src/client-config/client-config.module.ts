import { Module } from '@nestjs/common';
import { EnvironmentsModule } from '../environments/environments.module.js';
import { FormConfigsModule } from '../form-configs/form-configs.module.js';
import { ClientConfigController } from './client-config.controller.js';

/** What a sign-in page needs to know to draw itself. */
@Module({ imports: [EnvironmentsModule, FormConfigsModule], controllers: [ClientConfigController] })
export class ClientConfigModule {}
