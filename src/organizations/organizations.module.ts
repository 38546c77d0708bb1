import { Module } from '@nestjs/common';
import { EnvironmentsModule } from '../environments/environments.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { SettingsModule } from '../settings/settings.module.js';
import { UsersModule } from '../users/users.module.js';
import { ActiveOrganizationController } from './active-organization.controller.js';
import { AdminOrganizationsController } from './admin-organizations.controller.js';
import { InvitationAnswersController } from './invitations/invitation-answers.controller.js';
import { InvitationAnswersService } from './invitations/invitation-answers.service.js';
import { InvitationMails } from './invitations/invitation-mails.js';
import { InvitationsController } from './invitations/invitations.controller.js';
import { InvitationsRepository } from './invitations/invitations.repository.js';
import { InvitationsService } from './invitations/invitations.service.js';
import { InvitationsSystemRepository } from './invitations/invitations.system-repository.js';
import { MembersController } from './members/members.controller.js';
import { MembersService } from './members/members.service.js';
import { MembershipsModule } from './members/memberships.module.js';
import { OrganizationDomainsRepository } from './organization-domains.repository.js';
import { OrganizationDomainsService } from './organization-domains.service.js';
import { OrganizationsController } from './organizations.controller.js';
import { OrganizationsRepository } from './organizations.repository.js';
import { OrganizationsService } from './organizations.service.js';
import { TeamMembersRepository } from './teams/team-members.repository.js';
import { TeamsController } from './teams/teams.controller.js';
import { TeamsRepository } from './teams/teams.repository.js';
import { TeamsService } from './teams/teams.service.js';

/** Organizations of an environment's users, with their members, invitations and teams. */
@Module({
  imports: [EnvironmentsModule, SettingsModule, UsersModule, SessionsModule, MembershipsModule],
  controllers: [
    InvitationAnswersController,
    OrganizationsController,
    AdminOrganizationsController,
    MembersController,
    InvitationsController,
    TeamsController,
    ActiveOrganizationController,
  ],
  providers: [
    OrganizationsService,
    OrganizationsRepository,
    OrganizationDomainsService,
    OrganizationDomainsRepository,
    MembersService,
    InvitationsService,
    InvitationsRepository,
    InvitationsSystemRepository,
    InvitationAnswersService,
    InvitationMails,
    TeamsService,
    TeamsRepository,
    TeamMembersRepository,
  ],
  exports: [OrganizationsService, MembersService, InvitationAnswersService],
})
export class OrganizationsModule {}
