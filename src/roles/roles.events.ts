import { describeEvents } from '../kernel/events/event-map.js';
import type { Id } from '../kernel/ids/id.js';

interface RolePayload {
  role_id: Id<'role'>;
  role_slug: string;
}

interface AssignmentPayload extends RolePayload {
  user_id: Id<'user'>;
  org_id?: Id<'organization'>;
}

interface PermissionPayload extends RolePayload {
  permission_id: Id<'permission'>;
  action: string;
  resource: string;
}

declare module '../kernel/events/event-map.js' {
  interface EventMap {
    'rbac.role.created': RolePayload;
    'rbac.role.updated': RolePayload;
    'rbac.role.deleted': RolePayload & { holders: number };
    'rbac.role.assigned': AssignmentPayload;
    'rbac.role.unassigned': AssignmentPayload;
    'rbac.permission.added': PermissionPayload;
    'rbac.permission.removed': PermissionPayload;
  }
}

describeEvents({
  'rbac.role.created': 'A role was created.',
  'rbac.role.updated': 'A role’s name, description or parent changed.',
  'rbac.role.deleted': 'A role was deleted; whoever had it has it no longer.',
  'rbac.role.assigned': 'A user got a role: everywhere, or within an organization.',
  'rbac.role.unassigned': 'A role was taken from a user.',
  'rbac.permission.added': 'A role permits something more.',
  'rbac.permission.removed': 'A role permits something no longer.',
});
