import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule, type AppOptions } from './app.module.js';
import type { Config } from './config/config.js';
import { ApiDocument } from './discovery/api-document.js';
import { openApiDocument } from './discovery/openapi-document.js';
import { serveDocs } from './discovery/docs-page.js';
import { RoutePolicies } from './http/access/route-policies.js';
import { registerEdgeHooks } from './http/edge-hooks.js';
import { createFastifyAdapter } from './http/fastify-adapter.js';
import { HttpMetrics } from './http/http-metrics.js';
import { Idempotency } from './http/idempotency/idempotency.js';
import { Readiness } from './http/readiness.js';
import { ClientAddresses } from './http/security/client-address.js';
import { TenantDirectory } from './http/tenancy/tenant-directory.js';
import { Logger } from './kernel/logging/logger.js';

/** Where balancers, scrapers and clients look first, whatever the prefix. */
const FIXED_ADDRESSES = ['health/*path', 'metrics', '.well-known/*path', 'dev/*path'];

/**
 * Makes the application, the same for production, tests and library users. It neither listens nor connects: `Starter.start()` does the
 * latter, so that the port may open first.
 * @param config with database URL, key ring and public URL resolved.
 */
export async function createApp(config: Config, options: AppOptions = {}): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.register(config, options),
    createFastifyAdapter(config),
    { bodyParser: false, bufferLogs: true, abortOnError: false },
  );
  app.useLogger(app.get(Logger));
  if (config.http.pathPrefix !== '') app.setGlobalPrefix(config.http.pathPrefix, { exclude: FIXED_ADDRESSES });
  registerEdgeHooks(app.getHttpAdapter().getInstance(), {
    config,
    logger: app.get(Logger),
    metrics: app.get(HttpMetrics),
    addresses: app.get(ClientAddresses),
    directory: app.get(TenantDirectory, { strict: false }),
    idempotency: app.get(Idempotency),
    readiness: app.get(Readiness),
  });
  const document = app.get(ApiDocument);
  document.madeBy(() => openApiDocument(app, app.get(RoutePolicies), config));
  if (config.http.docs) serveDocs(app, document);
  return app;
}
