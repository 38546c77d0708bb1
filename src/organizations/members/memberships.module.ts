import { Module } from '@nestjs/common';
import { Memberships } from '../../http/access/memberships.js';
import { LiveMemberships } from './live-memberships.js';
import { MembersRepository } from './members.repository.js';

/** What the edge asks about organizations, apart from their other parts, which build on the edge. */
@Module({
  providers: [MembersRepository, { provide: Memberships, useClass: LiveMemberships }],
  exports: [Memberships, MembersRepository],
})
export class MembershipsModule {}
