import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import type { ApiDocument } from './api-document.js';

const PATH = 'docs';
/** Swagger UI styles its elements in place; everything it loads comes from here. */
const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'";

/** The browsable reference, from files of this service alone. */
export function serveDocs(app: NestFastifyApplication, document: ApiDocument): void {
  const fastify: FastifyInstance = app.getHttpAdapter().getInstance();
  fastify.addHook('onRequest', (request, reply, done) => {
    if (request.url.startsWith(`/${PATH}`)) reply.header('content-security-policy', POLICY);
    done();
  });
  SwaggerModule.setup(PATH, app, () => document.get(), {
    customSiteTitle: 'Authsome API',
    jsonDocumentUrl: `${PATH}/openapi.json`,
    raw: ['json'],
    swaggerOptions: { persistAuthorization: true, tryItOutEnabled: true },
  });
}
