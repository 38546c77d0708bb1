import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, ArrayUnique, IsArray, Matches } from 'class-validator';
import { canonicalEmail } from '../../users/user.rules.js';

const MOST_DOMAINS = 50;
const DOMAIN = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/;

/** As the domains of addresses are stored, so that the two compare equal. */
function canonical(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((domain: unknown) =>
    typeof domain === 'string' ? (canonicalEmail(`someone@${domain}`)?.slice('someone@'.length) ?? domain) : domain,
  );
}

const Domains = (): PropertyDecorator =>
  applyDecorators(
    ApiProperty({ type: [String], maxItems: MOST_DOMAINS, example: ['engines.example'] }),
    Transform(({ value }: { value: unknown }) => canonical(value)),
    IsArray({ message: '$property must be a list of domains' }),
    ArrayMaxSize(MOST_DOMAINS, { message: `$property must hold at most ${MOST_DOMAINS} domains` }),
    ArrayUnique({ message: '$property must name every domain once' }),
    Matches(DOMAIN, { each: true, message: '$property must hold domains such as example.com' }),
  );

export class PutDomainsRequest {
  @Domains() domains: string[];
}

export class DomainsResponse {
  @ApiProperty({ type: [String] }) domains: string[];
}
