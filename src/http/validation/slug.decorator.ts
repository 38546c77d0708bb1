import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Matches } from 'class-validator';

export const SLUG = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** A name for URLs: lower-case letters, digits and inner dashes, at most 63 characters. */
export const Slug = () =>
  applyDecorators(
    ApiProperty({ pattern: SLUG.source, example: 'acme' }),
    Matches(SLUG, { message: '$property must have 1 to 63 lower-case letters, digits or inner dashes' }),
  );
