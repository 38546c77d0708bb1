import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { IfPresent } from './text.decorators.js';

export const SLUG = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

const MESSAGE = { message: '$property must have 1 to 63 lower-case letters, digits or inner dashes' };

/** A name for URLs: lower-case letters, digits and inner dashes, at most 63 characters. */
export const Slug = () =>
  applyDecorators(ApiProperty({ pattern: SLUG.source, example: 'acme' }), Matches(SLUG, MESSAGE));

export const OptionalSlug = () =>
  applyDecorators(ApiPropertyOptional({ pattern: SLUG.source, example: 'acme' }), IfPresent(), Matches(SLUG, MESSAGE));
