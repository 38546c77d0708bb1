import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, ValidateNested } from 'class-validator';
import { versioned } from '../../http/etag.js';
import { PageQuery } from '../../http/paging/page.query.js';
import { SubmittedMetadata } from '../../http/validation/metadata.js';
import { Choice, IfPresent, OptionalFlag } from '../../http/validation/text.decorators.js';
import { FORM_STATUSES, type FormConfigEntity, type FormStatus } from '../form-config.entity.js';
import { FORM_LIMITS, FORM_TYPES, type FormField, type FormType } from '../form-field.js';
import { FormFieldDto, toFormField } from './form-field.dto.js';

const MOST_FIELDS_READ = 1_000;

function Fields(): PropertyDecorator {
  return (target, property) => {
    ApiProperty({ type: [FormFieldDto], description: `Up to ${FORM_LIMITS.fields}, in the order they are asked.` })(
      target,
      property,
    );
    IsArray({ message: '$property must be a list' })(target, property);
    ArrayMaxSize(MOST_FIELDS_READ, { message: `$property must have at most ${FORM_LIMITS.fields} items` })(
      target,
      property,
    );
    ValidateNested({ each: true })(target, property);
    Type(() => FormFieldDto)(target, property);
  };
}

function OptionalFilter(options: readonly string[], description: string): PropertyDecorator {
  return (target, property) => {
    ApiPropertyOptional({ enum: [...options], description })(target, property);
    IfPresent()(target, property);
    IsIn(options, { message: `$property must be one of ${options.join(', ')}` })(target, property);
  };
}

export class ListFormConfigsQuery extends PageQuery {
  @OptionalFilter(FORM_TYPES, 'Versions of this form; of every one when absent.') form_type?: FormType;
  @OptionalFilter(FORM_STATUSES, 'Versions in this state; in every one when absent.') status?: FormStatus;
}

export class CreateFormConfigRequest {
  @Choice(FORM_TYPES, 'Where it is filled in.') form_type: FormType;
  @Fields() fields: FormFieldDto[];
  @OptionalFlag('Whether it comes into use at once, in place of the active version. Default: false, a draft.')
  active?: boolean | null;
}

export class UpdateFormConfigRequest {
  @Fields() fields: FormFieldDto[];
}

export class TryFormConfigRequest {
  @SubmittedMetadata('What somebody might answer.') metadata?: Record<string, unknown>;
}

export class FormConfigResponse {
  @ApiProperty({ example: 'afcf_01jd3v3x6pe0p9m2s5f7q8w9ab' }) id: string;
  @ApiProperty() app_id: string;
  @ApiProperty() env_id: string;
  @ApiProperty({ enum: FORM_TYPES }) form_type: string;
  @ApiProperty({ description: 'Counts the versions of a form from 1.' }) version: number;
  @ApiProperty({ enum: FORM_STATUSES }) status: string;
  @ApiProperty() active: boolean;
  @ApiProperty({ type: [FormFieldDto] }) fields: readonly FormField[];
  @ApiPropertyOptional({ format: 'date-time' }) activated_at?: string;
  @ApiProperty({ format: 'date-time' }) created_at: string;
  @ApiProperty({ format: 'date-time' }) updated_at: string;
}

export class FormConfigListResponse {
  @ApiProperty({ type: [FormConfigResponse] }) form_configs: FormConfigResponse[];
  @ApiPropertyOptional() next_cursor?: string;
}

/** What a form would make of answers. */
export class TriedFormResponse {
  @ApiProperty() valid: boolean;
  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description: 'What would be kept: defaults in place, types set right.',
  })
  metadata?: object;
  @ApiPropertyOptional({
    type: 'array',
    items: {
      type: 'object',
      properties: { path: { type: 'string' }, code: { type: 'string' }, message: { type: 'string' } },
    },
  })
  errors?: readonly { readonly path: string; readonly code: string; readonly message: string }[];
}

export function toFormFields(fields: readonly FormFieldDto[]): FormField[] {
  return fields.map(toFormField);
}

export function toFormConfigResponse(form: FormConfigEntity): FormConfigResponse {
  const { id, appId, envId, formType, number, status, fields, activatedAt, createdAt, updatedAt } = form;
  return versioned(
    {
      id,
      app_id: appId,
      env_id: envId,
      form_type: formType,
      version: number,
      status,
      active: status === 'active',
      fields,
      ...(activatedAt === null ? {} : { activated_at: activatedAt.toISOString() }),
      created_at: createdAt.toISOString(),
      updated_at: updatedAt.toISOString(),
    },
    form.version,
  );
}
