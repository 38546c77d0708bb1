import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '../http/access/access.js';
import { ResourceNotFound } from '../kernel/errors/common-problems.js';
import { PageFiles } from './page-files.js';

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
};

/**
 * The pages that links in mails lead to. Getting one changes nothing, however often and by whomever: the secret is in the fragment, and
 * only the POST that a person's click sends consumes it (R114).
 */
@ApiExcludeController()
@Controller('pages')
export class PagesController {
  constructor(private readonly files: PageFiles) {}

  @Get(':name')
  @Public({ tenant: 'none' })
  page(@Param('name') name: string, @Res({ passthrough: true }) reply: FastifyReply): string {
    const file = this.files.find(name);
    if (file === undefined) throw new ResourceNotFound();
    reply.type(file.type).headers(HEADERS);
    return file.body;
  }
}
