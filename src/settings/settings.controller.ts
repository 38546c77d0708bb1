import { Body, Controller, Delete, Get, Param, Put, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireAnyOperator } from '../http/access/access.js';
import { pageRequest } from '../http/paging/page.query.js';
import { Caller } from '../http/params/caller.decorators.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { status, StatusResponse } from '../http/responses/status.response.js';
import { AppContextRequired, ForeignTenant, TenantDisagreement } from '../http/tenancy/tenancy.problems.js';
import type { UserPrincipal } from '../kernel/context/principal.js';
import { ResourceNotFound } from '../kernel/errors/common-problems.js';
import {
  DefinitionsQuery,
  PutSettingRequest,
  ResolveQuery,
  SettingHistoryQuery,
  SettingPlaceQuery,
} from './dto/settings.requests.js';
import {
  OneResolvedSettingResponse,
  ResolvedSettingsResponse,
  SettingDefinitionsResponse,
  SettingHistoryResponse,
  SettingWrittenResponse,
  toChangeResponse,
  toDefinitionsResponse,
  toResolvedResponse,
  toWrittenResponse,
} from './dto/settings.responses.js';
import { settingCatalogue, type SettingDefinition } from './setting-definition.js';
import { SettingPlaces } from './setting-places.js';
import { SettingsReader } from './settings-reader.js';
import {
  SettingEnforced,
  SettingNotEnforceable,
  SettingNotFound,
  SettingNotSet,
  SettingScopeNotAllowed,
} from './settings.problems.js';
import { authorOf, SettingsService } from './settings.service.js';

const PLACE_PROBLEMS = [SettingNotFound, ResourceNotFound, AppContextRequired, TenantDisagreement, ForeignTenant];

@ApiTags('Settings')
@Controller('v1/admin/settings')
export class SettingsController {
  constructor(
    private readonly settings: SettingsService,
    private readonly reader: SettingsReader,
    private readonly places: SettingPlaces,
  ) {}

  @Get('definitions')
  @RequireAnyOperator()
  @ApiOperation({ operationId: 'listSettingsDefinitions', summary: 'Every setting there is' })
  @ApiOkResponse({ type: SettingDefinitionsResponse })
  definitions(@Query() { namespace }: DefinitionsQuery): SettingDefinitionsResponse {
    return toDefinitionsResponse(definitionsOf(namespace), this.reader.context(undefined));
  }

  @Get('definitions/:namespace')
  @RequireAnyOperator()
  @ApiOperation({ operationId: 'listNamespaceSettingsDefinitions', summary: 'The settings of one namespace' })
  @ApiOkResponse({ type: SettingDefinitionsResponse })
  @ApiProblems(SettingNotFound)
  namespaceDefinitions(@Param('namespace') namespace: string): SettingDefinitionsResponse {
    const definitions = definitionsOf(namespace);
    if (definitions.length === 0) throw new SettingNotFound({ detail: 'there is no such namespace of settings' });
    return toDefinitionsResponse(definitions, this.reader.context(undefined));
  }

  @Get('resolve')
  @RequireAnyOperator()
  @ApiOperation({
    operationId: 'resolveSettings',
    summary: 'What holds for the deployment, an app, an environment or a user, and which level decided',
  })
  @ApiOkResponse({ type: ResolvedSettingsResponse })
  @ApiProblems(...PLACE_PROBLEMS)
  async resolveAll(@Caller() caller: UserPrincipal, @Query() query: ResolveQuery): Promise<ResolvedSettingsResponse> {
    return { settings: await this.resolved(caller, query, definitionsOf(query.namespace || undefined)) };
  }

  @Get('resolve/:key')
  @RequireAnyOperator()
  @ApiOperation({ operationId: 'resolveSetting', summary: 'What holds of one setting, and which level decided' })
  @ApiOkResponse({ type: OneResolvedSettingResponse })
  @ApiProblems(...PLACE_PROBLEMS)
  async resolveOne(
    @Caller() caller: UserPrincipal,
    @Param('key') key: string,
    @Query() query: ResolveQuery,
  ): Promise<OneResolvedSettingResponse> {
    const [setting] = await this.resolved(caller, query, [this.settings.definition(key)]);
    return { setting: setting as NonNullable<typeof setting> };
  }

  @Get('history/:key')
  @RequireAnyOperator()
  @ApiOperation({ operationId: 'listSettingHistory', summary: 'Who changed a setting at one level, newest first' })
  @ApiOkResponse({ type: SettingHistoryResponse })
  @ApiProblems(SettingScopeNotAllowed, ...PLACE_PROBLEMS)
  async history(
    @Caller() caller: UserPrincipal,
    @Param('key') key: string,
    @Query() query: SettingHistoryQuery,
  ): Promise<SettingHistoryResponse> {
    const definition = this.settings.definition(key);
    const { place } = await this.places.find(caller, named(query));
    const { items, nextCursor } = await this.settings.history(place, definition, pageRequest(query));
    return {
      changes: items.map(toChangeResponse),
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }

  @Put('values/:key')
  @RequireAnyOperator()
  @ApiOperation({ operationId: 'setSetting', summary: 'Set a value at one level' })
  @ApiOkResponse({ type: SettingWrittenResponse })
  @ApiProblems(SettingScopeNotAllowed, SettingEnforced, ...PLACE_PROBLEMS)
  async set(
    @Caller() caller: UserPrincipal,
    @Param('key') key: string,
    @Body() body: PutSettingRequest,
  ): Promise<SettingWrittenResponse> {
    const definition = this.settings.definition(key);
    const { place } = await this.places.find(caller, named(body));
    const value = parsed(definition, body.value);
    await this.settings.write(place, [{ definition, value }], authorOf(caller));
    return toWrittenResponse(definition, value, place, 'updated');
  }

  @Delete('values/:key')
  @RequireAnyOperator()
  @ApiOperation({ operationId: 'deleteSetting', summary: 'Let what is more general hold again' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(SettingNotSet, SettingScopeNotAllowed, ...PLACE_PROBLEMS)
  async delete(
    @Caller() caller: UserPrincipal,
    @Param('key') key: string,
    @Query() query: SettingPlaceQuery,
  ): Promise<StatusResponse> {
    const definition = this.settings.definition(key);
    const { place } = await this.places.find(caller, named(query));
    await this.settings.delete(place, definition, authorOf(caller));
    return status('deleted');
  }

  @Put('enforce/:key')
  @RequireAnyOperator()
  @ApiOperation({ operationId: 'enforceSetting', summary: 'Set a value that more specific levels may not override' })
  @ApiOkResponse({ type: SettingWrittenResponse })
  @ApiProblems(SettingScopeNotAllowed, SettingNotEnforceable, SettingEnforced, ...PLACE_PROBLEMS)
  async enforce(
    @Caller() caller: UserPrincipal,
    @Param('key') key: string,
    @Body() body: PutSettingRequest,
  ): Promise<SettingWrittenResponse> {
    const definition = this.settings.definition(key);
    const { place } = await this.places.find(caller, named(body));
    const value = parsed(definition, body.value);
    await this.settings.write(place, [{ definition, value, enforced: true }], authorOf(caller));
    return toWrittenResponse(definition, value, place, 'enforced');
  }

  @Delete('enforce/:key')
  @RequireAnyOperator()
  @ApiOperation({ operationId: 'unenforceSetting', summary: 'Keep the value, and let more specific levels differ' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(SettingNotSet, SettingScopeNotAllowed, ...PLACE_PROBLEMS)
  async unenforce(
    @Caller() caller: UserPrincipal,
    @Param('key') key: string,
    @Query() query: SettingPlaceQuery,
  ): Promise<StatusResponse> {
    const definition = this.settings.definition(key);
    const { place } = await this.places.find(caller, named(query));
    await this.settings.unenforce(place, definition, authorOf(caller));
    return status('unenforced');
  }

  private async resolved(caller: UserPrincipal, query: ResolveQuery, definitions: readonly SettingDefinition[]) {
    const { app_id, env_id, org_id, user_id } = query;
    const { place, environmentType } = await this.places.resolve(caller, {
      ...(app_id && { app_id }),
      ...(env_id && { env_id }),
      ...(org_id && { org_id }),
      ...(user_id && { user_id }),
    });
    const explained = await this.reader.explain(place, definitions, environmentType);
    return explained.map((setting) => toResolvedResponse(setting, this.reader.context(environmentType)));
  }
}

function definitionsOf(namespace: string | undefined): readonly SettingDefinition[] {
  return settingCatalogue().filter((definition) => namespace === undefined || definition.namespace === namespace);
}

function named({ scope, scope_id, app_id }: SettingPlaceQuery): SettingPlaceQuery {
  return { scope, ...(scope_id && { scope_id }), ...(app_id && { app_id }) };
}

/** Existing clients send every value as a text: where none is wanted, it is read as JSON. */
function parsed({ type }: SettingDefinition, value: unknown): unknown {
  if (type.name === 'string' || typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
