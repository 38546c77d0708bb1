import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { SettingChangeEntity } from '../setting-change.entity.js';
import { SETTING_SCOPES, type SettingContext, type SettingDefinition } from '../setting-definition.js';
import type { ExplainedSetting } from '../settings-reader.js';

/** Shown instead of a sensitive value. */
const HIDDEN = '********';

const ANY_VALUE = {
  description: 'As the definition’s type says; ******** for a sensitive one.',
  oneOf: [
    { type: 'string' as const },
    { type: 'number' as const },
    { type: 'boolean' as const },
    { type: 'array' as const, items: { type: 'string' as const } },
  ],
};

export class SettingUiResponse {
  @ApiProperty({ enum: ['switch', 'number', 'text', 'select', 'textarea'] }) input_type: string;
}

export class SettingDefinitionResponse {
  @ApiProperty({ example: 'session.token_ttl_seconds' }) key: string;
  @ApiProperty() display_name: string;
  @ApiProperty() description: string;
  @ApiProperty({ enum: ['bool', 'int', 'string', 'list'] }) type: string;
  @ApiPropertyOptional(ANY_VALUE) default?: unknown;
  @ApiProperty({ enum: SETTING_SCOPES, isArray: true }) scopes: string[];
  @ApiProperty() enforceable: boolean;
  @ApiProperty() sensitive: boolean;
  @ApiProperty() category: string;
  @ApiProperty() namespace: string;
  @ApiProperty({ type: 'object', additionalProperties: true, description: 'JSON Schema of a value.' }) schema: object;
  @ApiProperty() ui: SettingUiResponse;
}

export class SettingGroupResponse {
  @ApiProperty() namespace: string;
  @ApiProperty() category: string;
  @ApiProperty({ type: [SettingDefinitionResponse] }) definitions: SettingDefinitionResponse[];
}

export class SettingDefinitionsResponse {
  @ApiProperty({ type: [SettingGroupResponse] }) groups: SettingGroupResponse[];
  @ApiProperty() total: number;
}

export class SettingScopeValueResponse {
  @ApiProperty({ enum: SETTING_SCOPES }) scope: string;
  @ApiPropertyOptional() scope_id?: string;
  @ApiProperty(ANY_VALUE) value: unknown;
  @ApiProperty() enforced: boolean;
  @ApiProperty() version: number;
  @ApiPropertyOptional() updated_by?: string;
  @ApiProperty({ format: 'date-time' }) updated_at: string;
}

export class ResolvedSettingResponse {
  @ApiProperty() definition: SettingDefinitionResponse;
  @ApiProperty(ANY_VALUE) effective_value: unknown;
  @ApiProperty({ description: 'The level that decided.', enum: ['default', ...SETTING_SCOPES] }) source: string;
  @ApiProperty({ description: 'Every level that has a value, most general first.', type: [SettingScopeValueResponse] })
  scope_values: SettingScopeValueResponse[];
  @ApiProperty({ description: 'Whether a value set for whom was asked would count.' }) can_override: boolean;
  @ApiPropertyOptional({ description: 'The level whose value more specific ones may not override.' })
  enforced_at?: string;
}

export class ResolvedSettingsResponse {
  @ApiProperty({ type: [ResolvedSettingResponse] }) settings: ResolvedSettingResponse[];
}

export class OneResolvedSettingResponse {
  @ApiProperty() setting: ResolvedSettingResponse;
}

export class SettingWrittenResponse {
  @ApiProperty() key: string;
  @ApiProperty(ANY_VALUE) value: unknown;
  @ApiProperty({ enum: SETTING_SCOPES }) scope: string;
  @ApiPropertyOptional() scope_id?: string;
  @ApiProperty({ example: 'updated' }) status: string;
}

export class SettingChangeResponse {
  @ApiProperty() id: string;
  @ApiProperty({ enum: ['set', 'enforced', 'unenforced', 'deleted'] }) action: string;
  @ApiPropertyOptional(ANY_VALUE) before?: unknown;
  @ApiPropertyOptional(ANY_VALUE) after?: unknown;
  @ApiPropertyOptional() changed_by?: string;
  @ApiProperty({ format: 'date-time' }) changed_at: string;
}

export class SettingHistoryResponse {
  @ApiProperty({ type: [SettingChangeResponse] }) changes: SettingChangeResponse[];
  @ApiPropertyOptional() next_cursor?: string;
}

export function toDefinitionResponse(
  definition: SettingDefinition,
  context: SettingContext,
): SettingDefinitionResponse {
  const { key, displayName, description, type, scopes, enforceable, sensitive, namespace } = definition;
  return {
    key,
    display_name: displayName,
    description,
    type: type.name,
    ...(sensitive ? {} : { default: definition.default(context) }),
    scopes: [...scopes],
    enforceable,
    sensitive,
    category: namespace,
    namespace,
    schema: type.schema,
    ui: { input_type: type.input },
  };
}

/** Groups of one namespace each, in the order of the keys. */
export function toDefinitionsResponse(
  definitions: readonly SettingDefinition[],
  context: SettingContext,
): SettingDefinitionsResponse {
  const groups = new Map<string, SettingDefinitionResponse[]>();
  for (const definition of definitions) {
    const group = groups.get(definition.namespace) ?? [];
    group.push(toDefinitionResponse(definition, context));
    groups.set(definition.namespace, group);
  }
  return {
    groups: [...groups].map(([namespace, all]) => ({ namespace, category: namespace, definitions: all })),
    total: definitions.length,
  };
}

export function toResolvedResponse(
  { definition, resolved, rows, canOverride }: ExplainedSetting,
  context: SettingContext,
): ResolvedSettingResponse {
  const shown = (value: unknown): unknown => (definition.sensitive ? HIDDEN : value);
  return {
    definition: toDefinitionResponse(definition, context),
    effective_value: shown(resolved.value),
    source: resolved.source,
    scope_values: rows.map(({ scope, scopeId, value, enforced, version, updatedBy, updatedAt }) => ({
      scope,
      ...(scopeId === '' ? {} : { scope_id: scopeId }),
      value: shown(value),
      enforced,
      version,
      ...(updatedBy === null ? {} : { updated_by: updatedBy }),
      updated_at: updatedAt.toISOString(),
    })),
    can_override: canOverride,
    ...(resolved.enforcedAt === undefined ? {} : { enforced_at: resolved.enforcedAt }),
  };
}

export function toWrittenResponse(
  definition: SettingDefinition,
  value: unknown,
  { scope, scopeId }: { readonly scope: string; readonly scopeId: string },
  status: string,
): SettingWrittenResponse {
  return {
    key: definition.key,
    value: definition.sensitive ? HIDDEN : value,
    scope,
    ...(scopeId === '' ? {} : { scope_id: scopeId }),
    status,
  };
}

export function toChangeResponse({
  id,
  action,
  before,
  after,
  changedBy,
  changedAt,
}: SettingChangeEntity): SettingChangeResponse {
  return {
    id,
    action,
    ...(before === null ? {} : { before }),
    ...(after === null ? {} : { after }),
    ...(changedBy === null ? {} : { changed_by: changedBy }),
    changed_at: changedAt.toISOString(),
  };
}
