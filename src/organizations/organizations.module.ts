import { Module } from '@nestjs/common';
import { Memberships } from './memberships.js';
import { NoMemberships } from './no.memberships.js';

@Module({ providers: [{ provide: Memberships, useClass: NoMemberships }], exports: [Memberships] })
export class OrganizationsModule {}
