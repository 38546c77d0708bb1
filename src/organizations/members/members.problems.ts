import { defineProblem } from '../../kernel/errors/problem.js';

export const MemberNotFound = defineProblem({
  code: 'member_not_found',
  kind: 'not_found',
  title: 'No such member',
  detail: 'member not found',
});

export const AlreadyMember = defineProblem({
  code: 'already_member',
  kind: 'conflict',
  title: 'The user is a member already',
  detail: 'the user belongs to the organization; change their role instead',
});

export const RoleAboveOwn = defineProblem({
  code: 'role_above_own',
  kind: 'forbidden',
  title: 'The role is above the caller’s own',
  detail: 'nobody grants a role above their own, or changes somebody who has one',
});
