import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { EnvScopedRepository } from '../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../kernel/persistence/statement.js';
import { OrganizationDomainEntity } from './organization-domain.entity.js';
import { DomainTaken } from './organizations.problems.js';

const OF_ORGANIZATION = envStatement(
  'organization_domains.of_organization',
  'SELECT domain FROM organization_domains WHERE app_id = $1 AND env_id = $2 AND org_id = $3 ORDER BY domain',
);
const HAS = envStatement(
  'organization_domains.has',
  'SELECT domain FROM organization_domains WHERE app_id = $1 AND env_id = $2 AND org_id = $3 AND domain = $4',
);
const REPLACE = envStatement(
  'organization_domains.replace',
  `WITH gone AS (
     DELETE FROM organization_domains WHERE app_id = $1 AND env_id = $2 AND org_id = $3 AND NOT domain = ANY ($4::text[]))
   INSERT INTO organization_domains (app_id, env_id, org_id, domain, created_at)
   SELECT $1, $2, $3, domain, $5 FROM unnest($4::text[]) AS domain
   WHERE NOT EXISTS (
     SELECT FROM organization_domains d WHERE d.app_id = $1 AND d.env_id = $2 AND d.org_id = $3 AND d.domain = domain.domain)`,
);

@Injectable()
export class OrganizationDomainsRepository extends EnvScopedRepository<OrganizationDomainEntity> {
  constructor(database: Database) {
    super(database, OrganizationDomainEntity, { organization_domains_pkey: () => new DomainTaken() });
  }

  async list(scope: EnvScope, orgId: Id<'organization'>): Promise<string[]> {
    const { rows } = await this.queryIn<{ domain: string }>(scope, OF_ORGANIZATION, [orgId]);
    return rows.map(({ domain }) => domain);
  }

  async has(scope: EnvScope, orgId: Id<'organization'>, domain: string): Promise<boolean> {
    return (await this.queryIn(scope, HAS, [orgId, domain])).count === 1;
  }

  /** @throws DomainTaken when another organization has one of them. */
  async replace(scope: EnvScope, orgId: Id<'organization'>, domains: readonly string[], now: Date): Promise<void> {
    await this.queryIn(scope, REPLACE, [orgId, domains, now]);
  }
}
