import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ApiDocument } from './api-document.js';

const PATH = 'docs';
/** Swagger UI styles its elements in place; everything it loads comes from here. */
const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'";

function allowItsOwnFiles(_request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  reply.header('content-security-policy', POLICY);
  done();
}

/** The browsable reference, from files of this service alone. */
export function serveDocs(app: NestFastifyApplication, document: ApiDocument): void {
  const fastify: FastifyInstance = app.getHttpAdapter().getInstance();
  // On these routes alone: every other request would pay for the question.
  fastify.addHook('onRoute', (route) => {
    if (route.url !== `/${PATH}` && !route.url.startsWith(`/${PATH}/`)) return;
    route.onRequest = [...[route.onRequest ?? []].flat(), allowItsOwnFiles];
  });
  SwaggerModule.setup(PATH, app, () => document.get(), {
    customSiteTitle: 'Authsome API',
    jsonDocumentUrl: `${PATH}/openapi.json`,
    raw: ['json'],
    swaggerOptions: { persistAuthorization: true, tryItOutEnabled: true },
  });
}
