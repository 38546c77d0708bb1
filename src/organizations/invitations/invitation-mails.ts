import { Injectable } from '@nestjs/common';
import { TenantRecords } from '../../environments/tenant-records.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { Links } from '../../messaging/links.js';
import { Messages } from '../../messaging/messages.js';
import { organizationInvitationMail } from '../../messaging/templates/organization-invitation.js';
import { joinName } from '../../users/user.rules.js';
import { UsersService } from '../../users/users.service.js';
import type { OrganizationEntity } from '../organization.entity.js';
import type { InvitationEntity } from './invitation.entity.js';

/** Mails invitations, in the transaction that makes them. The link is the only place where their secret goes. */
@Injectable()
export class InvitationMails {
  constructor(
    private readonly messages: Messages,
    private readonly links: Links,
    private readonly tenants: TenantRecords,
    private readonly users: UsersService,
    private readonly clock: Clock,
  ) {}

  async send(
    scope: EnvScope,
    organization: OrganizationEntity,
    invitation: InvitationEntity,
    token: string,
  ): Promise<void> {
    const link = this.links.invitation(token);
    const content = organizationInvitationMail({
      appName: (await this.tenants.get(scope)).appName,
      organizationName: organization.name,
      inviter: await this.nameOf(scope, invitation),
      role: invitation.role,
      link,
      linkTtlMs: invitation.expiresAt.getTime() - this.clock.nowMs(),
    });
    this.messages.send(scope, { to: invitation.email, purpose: 'organization_invitation', ...content, link });
  }

  private async nameOf(scope: EnvScope, { inviterId }: InvitationEntity): Promise<string | undefined> {
    if (inviterId === null) return undefined;
    const inviter = await this.users.get(scope, inviterId);
    return joinName(inviter) || (inviter.email ?? undefined);
  }
}
