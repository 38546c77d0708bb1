import { ApiPropertyOptional } from '@nestjs/swagger';
import { applyDecorators } from '@nestjs/common';
import { IsObject } from 'class-validator';
import { IfPresent } from '../../http/validation/text.decorators.js';
import { invalidFields } from '../../http/validation/validation.pipe.js';

const MOST_HEADERS = 10;
/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;
/** Visible ASCII and inner spaces: nothing that could end the header and begin another. */
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e]{0,1022}[\x21-\x7e])?$/;
/** What the client, the connection or the signature decides. */
const RESERVED =
  /^(?:host|connection|keep-alive|upgrade|te|trailer|expect|date|user-agent|content-.*|transfer-.*|proxy-.*|webhook-.*|svix-.*|x-authsome-.*)$/i;

/** Headers that every delivery carries. What they may be is asked by {@link receiverHeaders}. */
export const ReceiverHeaders = (): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({
      type: 'object',
      additionalProperties: { type: 'string' },
      maxProperties: MOST_HEADERS,
      nullable: true,
      description:
        'Sent with every delivery: at most 10, values of visible ASCII. Replaces all; the values are never shown again.',
      example: { authorization: 'Bearer of-the-receiver' },
    }),
    IfPresent(),
    IsObject({ message: '$property must be an object of texts' }),
  );

/** @throws ValidationFailed for headers that may not be set. */
export function receiverHeaders(
  submitted: Record<string, unknown> | null | undefined,
): Record<string, string> | undefined {
  if (!submitted) return undefined;
  const entries = Object.entries(submitted);
  if (entries.length > MOST_HEADERS) throw refused('headers', `headers must have at most ${MOST_HEADERS} entries`);
  const names = new Set<string>();
  for (const [name, value] of entries) {
    const path = `headers.${name.slice(0, 64)}`;
    if (!TOKEN.test(name) || RESERVED.test(name)) throw refused(path, `${path} may not be set`);
    if (typeof value !== 'string' || !VALUE.test(value))
      throw refused(path, `${path} must be a text of 1 to 1024 visible ASCII characters`);
    if (names.has(name.toLowerCase())) throw refused(path, `${path} is there twice`);
    names.add(name.toLowerCase());
  }
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value as string]));
}

function refused(path: string, message: string): Error {
  return invalidFields([{ path, code: 'header', message }]);
}
