import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { EnvironmentNotFound } from '../environments/environments.problems.js';
import { EnvironmentsService } from '../environments/environments.service.js';
import { RequireOperator } from '../http/access/access.js';
import { IfMatch, PreconditionFailed } from '../http/etag.js';
import { pageRequest } from '../http/paging/page.query.js';
import { Caller, TargetApp } from '../http/params/caller.decorators.js';
import { IdPipe } from '../http/params/id.pipe.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { status, StatusResponse } from '../http/responses/status.response.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import type { AppScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { MalformedCursor } from '../kernel/persistence/page.js';
import {
  CreateFormConfigRequest,
  FormConfigListResponse,
  FormConfigResponse,
  ListFormConfigsQuery,
  toFormConfigResponse,
  toFormFields,
  TriedFormResponse,
  TryFormConfigRequest,
  UpdateFormConfigRequest,
} from './dto/form-config.dto.js';
import { FormAnswers } from './form-answers.js';
import {
  FormConfigActive,
  FormConfigFrozen,
  FormConfigInactive,
  FormConfigNotFound,
  FormDefinitionInvalid,
} from './form-configs.problems.js';
import { FormConfigsService } from './form-configs.service.js';

const EnvironmentId = () => Param('envId', new IdPipe('environment'));
const FormId = () => Param('formId', new IdPipe('form_config'));

@ApiTags('Form configurations')
@Controller('v1/environments/:envId/form-configs')
export class FormConfigsController {
  constructor(
    private readonly environments: EnvironmentsService,
    private readonly forms: FormConfigsService,
  ) {}

  @Get()
  @RequireOperator('app')
  @ApiOperation({ operationId: 'listFormConfigs', summary: 'The versions of an environment’s forms, newest first' })
  @ApiOkResponse({ type: FormConfigListResponse })
  @ApiProblems(EnvironmentNotFound, MalformedCursor)
  async list(
    @TargetApp() app: AppScope,
    @EnvironmentId() envId: Id<'environment'>,
    @Query() query: ListFormConfigsQuery,
  ): Promise<FormConfigListResponse> {
    const scope = await this.environments.inside(app, envId);
    const { form_type: formType, status } = query;
    const filter = { ...(formType && { formType }), ...(status && { status }) };
    const { items, nextCursor } = await this.forms.list(scope, filter, pageRequest(query));
    return {
      form_configs: items.map(toFormConfigResponse),
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }

  @Post()
  @RequireOperator('app')
  @ApiOperation({
    operationId: 'createFormConfig',
    summary: 'Draft the next version of a form, or put it into use at once',
    description: 'What is asked is checked before an account is made, a session given or a profile changed.',
  })
  @ApiCreatedResponse({ type: FormConfigResponse })
  @ApiProblems(EnvironmentNotFound, FormDefinitionInvalid)
  async create(
    @TargetApp() app: AppScope,
    @Caller() caller: UserPrincipal,
    @EnvironmentId() envId: Id<'environment'>,
    @Body() { form_type: formType, fields, active }: CreateFormConfigRequest,
  ): Promise<FormConfigResponse> {
    const scope = await this.environments.inside(app, envId);
    const asked = toFormFields(fields);
    return toFormConfigResponse(await this.forms.create(scope, formType, asked, active === true, actorOf(caller)));
  }

  @Get(':formId')
  @RequireOperator('app')
  @ApiOperation({ operationId: 'getFormConfig', summary: 'Read a version of a form' })
  @ApiOkResponse({ type: FormConfigResponse })
  @ApiProblems(EnvironmentNotFound, FormConfigNotFound)
  async get(
    @TargetApp() app: AppScope,
    @EnvironmentId() envId: Id<'environment'>,
    @FormId() id: Id<'form_config'>,
  ): Promise<FormConfigResponse> {
    const scope = await this.environments.inside(app, envId);
    return toFormConfigResponse(await this.forms.get(scope, id));
  }

  @Patch(':formId')
  @RequireOperator('app')
  @ApiOperation({ operationId: 'updateFormConfig', summary: 'Edit a draft' })
  @ApiOkResponse({ type: FormConfigResponse })
  @ApiProblems(EnvironmentNotFound, FormConfigNotFound, FormConfigFrozen, FormDefinitionInvalid, PreconditionFailed)
  async update(
    @TargetApp() app: AppScope,
    @Caller() caller: UserPrincipal,
    @EnvironmentId() envId: Id<'environment'>,
    @FormId() id: Id<'form_config'>,
    @IfMatch() version: number | undefined,
    @Body() { fields }: UpdateFormConfigRequest,
  ): Promise<FormConfigResponse> {
    const scope = await this.environments.inside(app, envId);
    return toFormConfigResponse(await this.forms.edit(scope, id, toFormFields(fields), version, actorOf(caller)));
  }

  @Delete(':formId')
  @RequireOperator('app')
  @ApiOperation({ operationId: 'deleteFormConfig', summary: 'Delete a version that is not in use' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(EnvironmentNotFound, FormConfigNotFound, FormConfigActive)
  async delete(
    @TargetApp() app: AppScope,
    @Caller() caller: UserPrincipal,
    @EnvironmentId() envId: Id<'environment'>,
    @FormId() id: Id<'form_config'>,
  ): Promise<StatusResponse> {
    const scope = await this.environments.inside(app, envId);
    await this.forms.delete(scope, id, actorOf(caller));
    return status('deleted');
  }

  @Post(':formId/activate')
  @HttpCode(200)
  @RequireOperator('app')
  @ApiOperation({ operationId: 'activateFormConfig', summary: 'Put a version into use, in place of the active one' })
  @ApiOkResponse({ type: FormConfigResponse })
  @ApiProblems(EnvironmentNotFound, FormConfigNotFound)
  async activate(
    @TargetApp() app: AppScope,
    @Caller() caller: UserPrincipal,
    @EnvironmentId() envId: Id<'environment'>,
    @FormId() id: Id<'form_config'>,
  ): Promise<FormConfigResponse> {
    const scope = await this.environments.inside(app, envId);
    return toFormConfigResponse(await this.forms.activate(scope, id, actorOf(caller)));
  }

  @Post(':formId/deactivate')
  @HttpCode(200)
  @RequireOperator('app')
  @ApiOperation({ operationId: 'deactivateFormConfig', summary: 'Take a form out of use: nothing is asked any more' })
  @ApiOkResponse({ type: FormConfigResponse })
  @ApiProblems(EnvironmentNotFound, FormConfigNotFound, FormConfigInactive)
  async deactivate(
    @TargetApp() app: AppScope,
    @Caller() caller: UserPrincipal,
    @EnvironmentId() envId: Id<'environment'>,
    @FormId() id: Id<'form_config'>,
  ): Promise<FormConfigResponse> {
    const scope = await this.environments.inside(app, envId);
    return toFormConfigResponse(await this.forms.deactivate(scope, id, actorOf(caller)));
  }

  @Post(':formId/validate')
  @HttpCode(200)
  @RequireOperator('app')
  @ApiOperation({
    operationId: 'tryFormConfig',
    summary: 'See what a version of a form makes of answers; keeps nothing',
  })
  @ApiOkResponse({ type: TriedFormResponse })
  @ApiProblems(EnvironmentNotFound, FormConfigNotFound)
  async try(
    @TargetApp() app: AppScope,
    @EnvironmentId() envId: Id<'environment'>,
    @FormId() id: Id<'form_config'>,
    @Body() { metadata }: TryFormConfigRequest,
  ): Promise<TriedFormResponse> {
    const scope = await this.environments.inside(app, envId);
    const { fields } = await this.forms.get(scope, id);
    const checked = new FormAnswers(fields).whole(metadata || {}, 'metadata');
    return 'errors' in checked ? { valid: false, errors: checked.errors } : { valid: true, metadata: checked.value };
  }
}
