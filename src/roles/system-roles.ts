import type { MemberRole } from '../http/access/memberships.js';
import type { Grant } from './permission.rules.js';

export interface SystemRole {
  readonly slug: string;
  readonly name: string;
  readonly parent?: string;
  /** What it permits for good; more can be added. */
  readonly grants: readonly Grant[];
}

/** Everybody of an environment has it. */
export const EVERYBODY = 'user';

/** The role that a member of an organization has within it. */
export const ROLE_OF_MEMBER: Readonly<Record<MemberRole, string>> = {
  member: 'org-member',
  admin: 'org-admin',
  owner: 'org-owner',
};

const on = (resource: string, ...actions: string[]): Grant[] => actions.map((action) => ({ action, resource }));

/** The roles that every environment begins with, parents first. What they permit is what the routes ask for. */
export const SYSTEM_ROLES: readonly SystemRole[] = [
  { slug: EVERYBODY, name: 'User', grants: [] },
  {
    slug: 'admin',
    name: 'Admin',
    parent: EVERYBODY,
    grants: [
      ...on('role', 'read', 'create', 'update', 'delete', 'assign'),
      ...on('permission', 'read', 'create', 'delete'),
      ...on('organization', 'manage'),
      ...on('webhook', 'manage'),
      ...on('event', 'read'),
      ...on('billing', 'manage'),
      ...on('apikey', 'manage', 'verify'),
    ],
  },
  { slug: 'owner', name: 'Owner', parent: 'admin', grants: on('*', '*') },
  { slug: ROLE_OF_MEMBER.member, name: 'Organization member', grants: [] },
  { slug: ROLE_OF_MEMBER.admin, name: 'Organization admin', parent: ROLE_OF_MEMBER.member, grants: on('role', 'read') },
  {
    slug: ROLE_OF_MEMBER.owner,
    name: 'Organization owner',
    parent: ROLE_OF_MEMBER.admin,
    grants: on('role', 'assign'),
  },
];

/** Whether a grant is one that a system role keeps for good. */
export function isSystemGrant(slug: string, { action, resource }: Grant): boolean {
  const grants = SYSTEM_ROLES.find((role) => role.slug === slug)?.grants ?? [];
  return grants.some((grant) => grant.action === action && grant.resource === resource);
}
