import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { isId, parseId } from '../../kernel/ids/id.js';
import { type ResolvedTenant, TenantDirectory } from './tenant-directory.js';
import { AppContextRequired, TenantDisagreement, UnknownTenant } from './tenancy.problems.js';

export const PUBLISHABLE_KEY_HEADER = 'x-publishable-key';
export const ENVIRONMENT_HEADER = 'x-authsome-environment';

/** What a request says about its tenant, anywhere a client may say it. */
export interface NamedTenant {
  readonly publishableKey: string | undefined;
  readonly appId: string | undefined;
  readonly environment: string | undefined;
}

export function namedTenant(request: FastifyRequest): NamedTenant {
  return {
    publishableKey: header(request, PUBLISHABLE_KEY_HEADER) ?? queryText(request, 'publishable_key'),
    appId: bodyText(request, 'app_id') ?? queryText(request, 'app_id'),
    environment: header(request, ENVIRONMENT_HEADER) ?? bodyText(request, 'env_id') ?? queryText(request, 'env_id'),
  };
}

/** Turns what a public request names into one environment, or refuses: never the first or the default tenant (R181). */
@Injectable()
export class TenantResolver {
  constructor(private readonly directory: TenantDirectory) {}

  /** @throws AppContextRequired, UnknownTenant, TenantDisagreement, MalformedId */
  async require(request: FastifyRequest): Promise<ResolvedTenant> {
    const tenant = await this.find(request);
    if (tenant === undefined) throw new AppContextRequired();
    return tenant;
  }

  /** @returns undefined when the request names none. */
  async find(request: FastifyRequest): Promise<ResolvedTenant | undefined> {
    const named = namedTenant(request);
    if (named.publishableKey !== undefined) return this.byKey(named.publishableKey, named);
    if (named.appId === undefined) return undefined;
    const tenant = await this.directory.byApp(parseId('app', named.appId), named.environment);
    if (tenant === undefined) throw new UnknownTenant();
    return tenant;
  }

  private async byKey(key: string, { appId, environment }: NamedTenant): Promise<ResolvedTenant> {
    const tenant = await this.directory.byPublishableKey(key);
    if (tenant === undefined) throw new UnknownTenant();
    if (appId !== undefined && parseId('app', appId) !== tenant.scope.appId) throw new TenantDisagreement();
    if (environment !== undefined && !(await this.isEnvironment(environment, tenant))) {
      throw new TenantDisagreement({ detail: 'the environment does not match publishable key' });
    }
    return tenant;
  }

  private async isEnvironment(named: string, { scope }: ResolvedTenant): Promise<boolean> {
    if (isId('environment', named)) return named === scope.envId;
    const tenant = await this.directory.byApp(scope.appId, named);
    return tenant?.scope.envId === scope.envId;
  }
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

function bodyText(request: FastifyRequest, name: string): string | undefined {
  return textMember(request.body, name);
}

function queryText(request: FastifyRequest, name: string): string | undefined {
  return textMember(request.query, name);
}

function textMember(source: unknown, name: string): string | undefined {
  if (typeof source !== 'object' || source === null || !Object.hasOwn(source, name)) return undefined;
  const value = (source as Record<string, unknown>)[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
