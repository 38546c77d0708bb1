import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { plainToInstance, Transform, Type } from 'class-transformer';
import { Allow, ArrayMaxSize, IsArray, IsNumber, IsObject, IsOptional, ValidateNested } from 'class-validator';
import {
  Choice,
  IfPresent,
  OptionalFlag,
  OptionalInteger,
  OptionalText,
  Text,
} from '../../http/validation/text.decorators.js';
import { FIELD_TYPES, type FieldRules, type FieldType, FORM_LIMITS, type FormField } from '../form-field.js';

/** Above what the rules of a form allow, and still quick to look at: the rules say what is too much, and where. */
const MOST_OF_ANYTHING = 1_000;

const ANSWER = {
  oneOf: [
    { type: 'string' as const },
    { type: 'number' as const },
    { type: 'boolean' as const },
    { type: 'array' as const, items: {} },
  ],
};

function OptionalNumber(description: string): PropertyDecorator {
  return (target, property) => {
    ApiPropertyOptional({ type: 'number', description, nullable: true })(target, property);
    IsOptional()(target, property);
    IsNumber({}, { message: '$property must be a number' })(target, property);
  };
}

function OptionalList(type: () => new () => object, description: string): PropertyDecorator {
  return (target, property) => {
    ApiPropertyOptional({ type: () => [type()], description })(target, property);
    IfPresent()(target, property);
    IsArray({ message: '$property must be a list' })(target, property);
    ArrayMaxSize(MOST_OF_ANYTHING, { message: `$property must have at most ${MOST_OF_ANYTHING} items` })(
      target,
      property,
    );
    ValidateNested({ each: true })(target, property);
    Type(type)(target, property);
  };
}

export class FieldOptionDto {
  @Text({ longest: 200, description: 'What is kept.' }) value: string;
  @OptionalText({ longest: 200, description: 'What is shown. Default: the value.' }) label?: string;
}

export class FieldRulesDto {
  @OptionalInteger(0, FORM_LIMITS.longText, 'Characters.') min_len?: number | null;
  @OptionalInteger(1, FORM_LIMITS.longText, 'Characters.') max_len?: number | null;
  @OptionalText({
    longest: 5_000,
    description: `RE2 syntax, up to ${FORM_LIMITS.pattern} characters; found anywhere in the value unless anchored.`,
    example: '^[A-Z]{2}$',
  })
  pattern?: string;
  @OptionalNumber('Of a number.') min?: number | null;
  @OptionalNumber('Of a number.') max?: number | null;
  @OptionalFlag('Whether a number must be whole.') integer?: boolean | null;
  @OptionalInteger(0, FORM_LIMITS.items, 'Of a list.') min_items?: number | null;
  @OptionalInteger(1, FORM_LIMITS.items, 'Of a list.') max_items?: number | null;
}

/** Clients written for the Go server send options as texts. */
function toOptions(options: unknown): unknown {
  if (!Array.isArray(options)) return options;
  return options.map((option: unknown) =>
    plainToInstance(FieldOptionDto, typeof option === 'string' ? { value: option } : option),
  );
}

/** A field inside the objects of an `object_array`. */
export class MemberFieldDto {
  @Text({ longest: 64, description: 'The key of the answer in the user’s metadata.', example: 'plan' }) name: string;
  @OptionalText({ longest: 200, description: 'What is shown. Default: the name.', example: 'Your plan' })
  label?: string;
  @Choice(FIELD_TYPES, 'What is answered, and how it is shown.') type: FieldType;
  @OptionalFlag('Whether it must be answered; a checkbox: must be ticked.') required?: boolean | null;
  @OptionalText({ longest: 1_000 }) description?: string;
  @OptionalText({ longest: 200 }) placeholder?: string;
  @ApiPropertyOptional({ ...ANSWER, description: 'Taken when nothing is answered.', example: 'free' })
  @Allow()
  default?: unknown;
  @OptionalList(() => FieldOptionDto, `Of select and radio: up to ${FORM_LIMITS.options}. Plain texts will do.`)
  // Over what Type has made of it, which knows objects alone.
  @Transform(({ obj }: { obj: { options?: unknown } }) => toOptions(obj.options), { toClassOnly: true })
  options?: FieldOptionDto[];
  @OptionalFlag('Whether a select takes a list of options.') multiple?: boolean | null;
  @ApiPropertyOptional({ type: FieldRulesDto })
  @IfPresent()
  @IsObject({ message: '$property must be an object' })
  @ValidateNested()
  @Type(() => FieldRulesDto)
  validation?: FieldRulesDto;
}

export class FormFieldDto extends MemberFieldDto {
  @OptionalList(() => MemberFieldDto, `Of object_array: the members of each object, up to ${FORM_LIMITS.memberFields}.`)
  fields?: MemberFieldDto[];
}

/** As it is kept: defaults in place, nothing that was not said. */
export function toFormField(field: FormFieldDto): FormField {
  const { name, type, description, placeholder, options, validation, fields } = field;
  return {
    name,
    label: field.label || name,
    type,
    required: field.required === true,
    ...(description && { description }),
    ...(placeholder && { placeholder }),
    ...(isSaid(field.default) && { default: field.default }),
    ...(options && { options: options.map(({ value, label }) => ({ value, label: label || value })) }),
    ...(field.multiple === true && { multiple: true }),
    ...(validation && { validation: toRules(validation) }),
    ...(fields && { fields: fields.map(toFormField) }),
  };
}

function toRules(rules: FieldRulesDto): FieldRules {
  return Object.fromEntries(Object.entries(rules).filter(([, value]) => isSaid(value) && value !== false));
}

function isSaid(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

/** A field as clients of the Go server know it, for drawing a form. */
export class ClientFieldResponse {
  @ApiProperty() key: string;
  @ApiProperty() label: string;
  @ApiProperty({ enum: FIELD_TYPES }) type: string;
  @ApiPropertyOptional() placeholder?: string;
  @ApiPropertyOptional() description?: string;
  @ApiPropertyOptional({ type: [FieldOptionDto] }) options?: FieldOptionDto[];
  @ApiPropertyOptional() multiple?: boolean;
  @ApiPropertyOptional(ANSWER) default?: unknown;
  @ApiPropertyOptional({ type: 'object', additionalProperties: true, description: '`required` and the rules.' })
  validation?: Readonly<Record<string, unknown>>;
  @ApiPropertyOptional({ type: () => [ClientFieldResponse] }) fields?: ClientFieldResponse[];
  @ApiProperty() order: number;
}

export function toClientField(field: FormField, order: number): ClientFieldResponse {
  const { name, required, options, validation, fields, ...shown } = field;
  return {
    key: name,
    ...shown,
    ...(options && { options: options.map((option) => ({ ...option })) }),
    ...((required || validation !== undefined) && { validation: { ...(required && { required }), ...validation } }),
    ...(fields && { fields: fields.map(toClientField) }),
    order,
  };
}
