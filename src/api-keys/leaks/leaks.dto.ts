import { createHash } from 'node:crypto';
import { Injectable, type PipeTransform } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsObject, ValidateNested } from 'class-validator';
import { OptionalText, Text } from '../../http/validation/text.decorators.js';
import { validationPipe } from '../../http/validation/validation.pipe.js';
import { LONGEST_KEY } from '../key-format.js';
import type { Leak } from './leaks.service.js';

export const MOST_LEAKS = 100;

export class LeakedTokenDto {
  @Text({ longest: LONGEST_KEY, description: 'What was found.' }) token: string;
  @Text({ longest: 100, description: 'What the reporter calls tokens of this form.', example: 'authsome_api_key' })
  type: string;
  @OptionalText({ longest: 2_000, description: 'Where it was found.' }) url?: string;
  @OptionalText({ longest: 50, description: 'What it was found in.', example: 'commit' }) source?: string;
}

/** The list of a report under a name, so that it is checked, and refused, like the fields of every other body. */
class LeakReport {
  @IsArray({ message: 'the body must be a list' })
  @ArrayMaxSize(MOST_LEAKS, { message: `the body must hold at most ${MOST_LEAKS} tokens` })
  @IsObject({ each: true, message: 'each of the body must be an object' })
  @ValidateNested({ each: true })
  @Type(() => LeakedTokenDto)
  tokens: LeakedTokenDto[];
}

/** The body of a report is a list, which the pipe of all bodies lets through unread. */
@Injectable()
export class LeakReportPipe implements PipeTransform<unknown, Promise<LeakedTokenDto[]>> {
  readonly #pipe = validationPipe();

  async transform(tokens: unknown): Promise<LeakedTokenDto[]> {
    const report = (await this.#pipe.transform({ tokens }, { type: 'body', metatype: LeakReport })) as LeakReport;
    return report.tokens;
  }
}

export function toLeaks(tokens: readonly LeakedTokenDto[]): Leak[] {
  return tokens.map(({ token, url, source }) => ({ token, url: url || undefined, source: source || undefined }));
}

export class LeakLabelResponse {
  @ApiProperty({ description: 'The SHA-256 of the token, in hex: nothing repeats the token itself.' })
  token_hash: string;
  @ApiProperty() token_type: string;
  @ApiProperty({ enum: ['true_positive', 'false_positive'], description: 'Whether it is a key that was issued here.' })
  label: 'true_positive' | 'false_positive';
}

export function toLeakLabels(tokens: readonly LeakedTokenDto[], verdicts: readonly boolean[]): LeakLabelResponse[] {
  return tokens.map(({ token, type }, index) => ({
    token_hash: createHash('sha256').update(token).digest('hex'),
    token_type: type,
    label: verdicts[index] === true ? 'true_positive' : 'false_positive',
  }));
}
