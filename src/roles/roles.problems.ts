import { defineProblem } from '../kernel/errors/problem.js';

export const RoleNotFound = defineProblem({
  code: 'role_not_found',
  kind: 'not_found',
  title: 'No such role',
  detail: 'role not found',
});

export const RoleSlugTaken = defineProblem({
  code: 'role_slug_taken',
  kind: 'conflict',
  title: 'The slug is in use',
  detail: 'another role of this environment has this slug',
});

export const SystemRoleProtected = defineProblem({
  code: 'system_role',
  kind: 'conflict',
  title: 'The role belongs to the environment',
  detail: 'a system role stays where it is, with what it was made with; make a role of your own under it',
});

export const RoleCycle = defineProblem({
  code: 'role_cycle',
  kind: 'conflict',
  title: 'A role cannot stand under itself',
  detail: 'choose a parent that is neither the role nor one of the roles under it',
});

export const RolesTooDeep = defineProblem({
  code: 'roles_too_deep',
  kind: 'conflict',
  title: 'Roles stand under each other too deeply',
  detail: 'roles may stand under each other 16 levels deep',
});

export const RoleHasChildren = defineProblem({
  code: 'role_has_children',
  kind: 'conflict',
  title: 'Other roles stand under the role',
  detail: 'move or delete the roles under it first',
});

export const RoleNotAssigned = defineProblem({
  code: 'role_not_assigned',
  kind: 'not_found',
  title: 'The user does not have the role',
  detail: 'the role is not assigned to the user there',
});

export const PermissionNotFound = defineProblem({
  code: 'permission_not_found',
  kind: 'not_found',
  title: 'No such permission',
  detail: 'permission not found',
});

export const PermissionAboveOwn = defineProblem({
  code: 'permission_above_own',
  kind: 'forbidden',
  title: 'The role permits more than the caller may do',
  detail: 'nobody gives, takes or changes what they do not have themselves',
});
