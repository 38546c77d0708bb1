import { Injectable, type OnModuleInit, RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { Config } from '../../config/config.js';
import type { RateLimit } from '../../kernel/limits/rate-limits.js';
import { type AddressLimit, RATE_LIMIT } from '../rate-limit/rate-limit.decorator.js';
import { ACCESS, type AccessRule, SCOPES } from './access.js';
import { NO_SCOPE, type ScopeExpression } from './scope-expression.js';

export interface RoutePolicy {
  readonly access: AccessRule;
  readonly rateLimit: RateLimit | undefined;
  /** What API keys need to call; undefined: no key may. */
  readonly scopes: ScopeExpression | undefined;
  /** Answers even while the service is starting or stopping: health. */
  readonly always: boolean;
}

export interface Route {
  readonly controller: string;
  readonly handler: string;
  /** Carries the decorators' metadata. */
  readonly handlerFunction: object & { readonly name: string };
  readonly method: string;
  /** As declared, with `:parameters`. */
  readonly path: string;
  readonly policy: RoutePolicy;
}

type Handler = (...args: never[]) => unknown;

export const ALWAYS = 'authsome:always';

/**
 * Reads the policy of every route once, at boot. A route of anybody's module without an access rule stops the start with its name:
 * a forgotten decorator is found by the developer, not by an attacker.
 */
@Injectable()
export class RoutePolicies implements OnModuleInit {
  readonly #policies = new Map<Handler, RoutePolicy>();
  readonly #routes: Route[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    const missing: string[] = [];
    const closed: string[] = [];
    for (const { instance, metatype } of this.discovery.getControllers()) {
      const prototype = Object.getPrototypeOf(instance) as Record<string, Handler>;
      for (const name of this.scanner.getAllMethodNames(prototype)) {
        const handler = prototype[name] as Handler;
        const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
        if (method === undefined || metatype === null) continue;
        const access = Reflect.getMetadata(ACCESS, handler) as AccessRule | undefined;
        if (access === undefined) {
          missing.push(`${metatype.name}.${name}`);
          continue;
        }
        const policy = this.policyOf(handler, access);
        if (policy.scopes !== undefined && !admitsKeys(access)) closed.push(`${metatype.name}.${name}`);
        this.#policies.set(handler, policy);
        for (const path of pathsOf(metatype, handler)) {
          this.#routes.push({
            controller: metatype.name,
            handler: name,
            handlerFunction: handler,
            method: RequestMethod[method],
            path,
            policy,
          });
        }
      }
    }
    if (missing.length > 0) {
      throw new Error(
        `these routes have no access rule: ${missing.join(', ')}. Add @Public(), @RequireSession() or another rule of src/http/access.`,
      );
    }
    if (closed.length > 0) {
      throw new Error(
        `these routes name scopes although no API key may call them: ${closed.join(', ')}. Keys are admitted by @RequirePermission() and @RequireOperator('environment') alone.`,
      );
    }
  }

  /** Undefined only for a handler that is no route; the guard refuses it. */
  of(handler: object): RoutePolicy | undefined {
    return this.#policies.get(handler as Handler);
  }

  get routes(): readonly Route[] {
    return this.#routes;
  }

  private policyOf(handler: Handler, access: AccessRule): RoutePolicy {
    const name = Reflect.getMetadata(RATE_LIMIT, handler) as AddressLimit | undefined;
    return {
      access,
      rateLimit: name === undefined ? undefined : { name, ...this.config.limits[name] },
      scopes: access.kind === 'key' ? NO_SCOPE : (Reflect.getMetadata(SCOPES, handler) as ScopeExpression | undefined),
      always: Reflect.getMetadata(ALWAYS, handler) === true,
    };
  }
}

function pathsOf(controller: object, handler: Handler): string[] {
  const asList = (value: unknown): string[] => (Array.isArray(value) ? (value as string[]) : [String(value ?? '')]);
  const bases = asList(Reflect.getMetadata(PATH_METADATA, controller));
  const own = asList(Reflect.getMetadata(PATH_METADATA, handler));
  return bases.flatMap((base) =>
    own.map((path) => `/${[base, path].join('/')}`.replace(/\/+/g, '/').replace(/(.)\/$/, '$1')),
  );
}

/** Rules that a machine can satisfy: a permission its owner holds, or an environment its owner runs. Not what a person must prove afresh. */
function admitsKeys(rule: AccessRule): boolean {
  if (rule.kind === 'permission' || rule.kind === 'key') return true;
  return rule.kind === 'operator' && rule.reach === 'target' && rule.target === 'environment' && !rule.fresh;
}
