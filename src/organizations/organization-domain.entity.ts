import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Id } from '../kernel/ids/id.js';

/** A mail domain that an operator has given to an organization: whoever proves an address there may join. One organization per domain. */
@Entity('organization_domains')
@Index('organization_domains_org_id_idx', ['appId', 'envId', 'orgId'])
export class OrganizationDomainEntity {
  @PrimaryColumn({ type: 'text', name: 'app_id' }) appId: Id<'app'>;
  @PrimaryColumn({ type: 'text', name: 'env_id' }) envId: Id<'environment'>;
  @PrimaryColumn('text') domain: string;
  @Column({ type: 'text', name: 'org_id', update: false }) orgId: Id<'organization'>;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
}
