import { Module } from '@nestjs/common';
import { EnvironmentsModule } from '../environments/environments.module.js';
import { ActiveForms } from './active-forms.js';
import { FormConfigsController } from './form-configs.controller.js';
import { FormConfigsRepository } from './form-configs.repository.js';
import { FormConfigsService } from './form-configs.service.js';
import { FormPart } from './form.part.js';
import { SubmittedMetadata } from './submitted-metadata.js';

/** Forms of an app's own: fields that its users are asked for, kept in their metadata. */
@Module({
  imports: [EnvironmentsModule],
  controllers: [FormConfigsController],
  providers: [FormConfigsService, FormConfigsRepository, ActiveForms, SubmittedMetadata, FormPart],
  exports: [ActiveForms, SubmittedMetadata],
})
export class FormConfigsModule {}
