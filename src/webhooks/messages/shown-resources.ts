import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Id } from '../../kernel/ids/id.js';
import { toOrganizationResponse } from '../../organizations/dto/organization.dto.js';
import { OrganizationsService } from '../../organizations/organizations.service.js';
import { toUserResponse } from '../../users/dto/user.response.js';
import { UsersService } from '../../users/users.service.js';
import { EventResources } from './event-resources.js';

/** The resources that events of this service name. */
@Injectable()
export class ShownResources implements OnModuleInit {
  constructor(
    private readonly resources: EventResources,
    private readonly users: UsersService,
    private readonly organizations: OrganizationsService,
  ) {}

  onModuleInit(): void {
    this.resources.register({
      name: 'user',
      key: 'user_id',
      read: async (scope, ids) => {
        const users = await this.users.findMany(scope, ids as readonly Id<'user'>[]);
        return new Map(users.map((user) => [user.id, toUserResponse(user)]));
      },
    });
    this.resources.register({
      name: 'organization',
      key: 'org_id',
      read: async (scope, ids) => {
        const organizations = await this.organizations.findMany(scope, ids as readonly Id<'organization'>[]);
        return new Map(organizations.map((organization) => [organization.id, toOrganizationResponse(organization)]));
      },
    });
  }
}
