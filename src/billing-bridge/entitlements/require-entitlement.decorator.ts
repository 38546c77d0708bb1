import {
  applyDecorators,
  type CanActivate,
  type ExecutionContext,
  Injectable,
  SetMetadata,
  UseGuards,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { BilledSubjects } from '../billed-subjects.js';
import type { Feature } from '../feature-keys.js';
import { EntitlementGate } from './entitlement-gate.js';

const FEATURE = 'authsome:entitlement';

/** Asks the plan of whoever is billed for the caller, once the edge has let the caller in. */
@Injectable()
export class EntitlementGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly subjects: BilledSubjects,
    private readonly gate: EntitlementGate,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const feature = this.reflector.get<Feature>(FEATURE, context.getHandler());
    const { principal, tenant } = context.switchToHttp().getRequest<FastifyRequest>().authsome;
    if (principal.kind !== 'user' || tenant === undefined)
      throw new Error('@RequireEntitlement() on a route without a session');
    const subject = await this.subjects.of(tenant.scope, { orgId: principal.orgId, userId: principal.userId });
    await this.gate.require(subject, feature);
    return true;
  }
}

/**
 * The route creates or configures something that a plan may withhold: it is refused with 403 `entitlement_denied` or `quota_exceeded`, and 503
 * `entitlement_unknown` while the billing engine does not answer. Beside an access rule, never instead of one. The service behind the route
 * calls {@link EntitlementGate} itself, so that jobs and other modules cannot go around it.
 */
export const RequireEntitlement = (feature: Feature): MethodDecorator =>
  applyDecorators(SetMetadata(FEATURE, feature), UseGuards(EntitlementGuard));
