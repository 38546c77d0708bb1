import { ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { ValidationFailed } from '../../kernel/errors/common-problems.js';
import type { DomainError } from '../../kernel/errors/problem.js';

export interface FieldError {
  /** Where: `fields.0.name`. */
  readonly path: string;
  /** Which rule: stable, snake_case. */
  readonly code: string;
  readonly message: string;
}

/**
 * Unknown members are dropped, so they can never be assigned (R344); wrong types are refused, never converted (`enableImplicitConversion`
 * would turn "false" into true).
 */
export function validationPipe(): ValidationPipe {
  return new ValidationPipe({
    whitelist: true,
    transform: true,
    stopAtFirstError: true,
    validationError: { target: false, value: false },
    exceptionFactory: validationFailed,
  });
}

export function validationFailed(errors: ValidationError[]): DomainError {
  return invalidFields(flatten(errors, ''));
}

export function invalidFields(errors: readonly FieldError[]): DomainError {
  const detail = errors.map((error) => error.message).join('; ');
  return new ValidationFailed({ detail, extras: { errors } });
}

function flatten(errors: ValidationError[], parent: string): FieldError[] {
  return errors.flatMap((error) => {
    const path = parent === '' ? error.property : `${parent}.${error.property}`;
    const own = Object.entries(error.constraints ?? {}).map(([rule, message]) => ({
      path,
      code: snakeCase(rule),
      message: parent === '' ? message : message.replace(error.property, path),
    }));
    return [...own, ...flatten(error.children ?? [], path)];
  });
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter, index) => `${index === 0 ? '' : '_'}${letter.toLowerCase()}`);
}
