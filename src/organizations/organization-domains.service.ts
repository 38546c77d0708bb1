import { Injectable } from '@nestjs/common';
import { OrganizationNotFound } from '../http/access/access.problems.js';
import { type Actor, AuditTrail } from '../kernel/audit/audit-trail.js';
import { Clock } from '../kernel/clock/clock.js';
import type { EnvScope } from '../kernel/context/scope.js';
import { Events } from '../kernel/events/events.js';
import type { Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { UsersService } from '../users/users.service.js';
import type { MemberEntity } from './members/member.entity.js';
import { MembersService } from './members/members.service.js';
import { OrganizationDomainsRepository } from './organization-domains.repository.js';
import './organizations.events.js';
import { DomainNotProved } from './organizations.problems.js';
import { OrganizationsRepository } from './organizations.repository.js';

/** Mail domains that open an organization to those who have proved an address in them. */
@Injectable()
export class OrganizationDomainsService {
  constructor(
    private readonly domains: OrganizationDomainsRepository,
    private readonly organizations: OrganizationsRepository,
    private readonly members: MembersService,
    private readonly users: UsersService,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  list(scope: EnvScope, orgId: Id<'organization'>): Promise<string[]> {
    return this.domains.list(scope, orgId);
  }

  /** @param domains in canonical form. @throws OrganizationNotFound, DomainTaken */
  replace(scope: EnvScope, orgId: Id<'organization'>, domains: readonly string[], actor: Actor): Promise<string[]> {
    return this.database.transaction(async () => {
      const { slug } = await this.organizations.lock(scope, orgId);
      await this.domains.replace(scope, orgId, domains, this.clock.now());
      await this.events.record(scope, 'org.updated', orgId, { org_id: orgId, org_slug: slug });
      this.audit.record(scope, {
        action: 'org.domains_changed',
        actor,
        target: { type: 'organization', id: orgId },
        metadata: { domains },
      });
      return this.domains.list(scope, orgId);
    });
  }

  /**
   * Makes somebody a member who has a verified address in one of the organization's domains.
   * @throws OrganizationNotFound for an organization without domains, too: who may not join does not learn that it is there.
   * @throws DomainNotProved, AlreadyMember, OrganizationFull, OrganizationInactive
   */
  join(scope: EnvScope, orgId: Id<'organization'>, userId: Id<'user'>, actor: Actor): Promise<MemberEntity> {
    return this.database.transaction(async () => {
      const { email, emailVerified } = await this.users.get(scope, userId);
      const domain = email?.slice(email.lastIndexOf('@') + 1) ?? '';
      if (!(await this.domains.has(scope, orgId, domain))) throw new OrganizationNotFound();
      if (!emailVerified) throw new DomainNotProved();
      const organization = await this.organizations.lock(scope, orgId);
      return this.members.join(scope, organization, { userId, role: 'member' }, actor);
    });
  }
}
