import { defineProblem } from '../kernel/errors/problem.js';

export const UserNotFound = defineProblem({
  code: 'user_not_found',
  kind: 'not_found',
  title: 'No such user',
  detail: 'user not found',
});

export const EmailTaken = defineProblem({
  code: 'email_taken',
  kind: 'conflict',
  title: 'The address is in use',
  detail: 'email already taken',
});

export const UsernameTaken = defineProblem({
  code: 'username_taken',
  kind: 'conflict',
  title: 'The username is in use',
  detail: 'username already taken',
});

export const ExternalIdTaken = defineProblem({
  code: 'external_id_taken',
  kind: 'conflict',
  title: 'The external id is in use',
  detail: 'another user of this environment has this external_id',
});

export const UserBanned = defineProblem({
  code: 'user_banned',
  kind: 'forbidden',
  title: 'The account is banned',
  detail: 'user is banned',
});

export const CannotBanSelf = defineProblem({
  code: 'cannot_ban_self',
  kind: 'invalid',
  title: 'An operator cannot ban themselves',
  detail: 'cannot ban yourself',
});

export const CannotDeleteSelf = defineProblem({
  code: 'cannot_delete_self',
  kind: 'invalid',
  title: 'An operator cannot delete themselves here',
  detail: 'use DELETE /v1/me to erase your own account',
});

/** Raised by the operators module, when who acts is an operator of the platform app and no owner. */
export const PlatformOwnerProtected = defineProblem({
  code: 'platform_owner_protected',
  kind: 'forbidden',
  title: 'Platform owners are protected',
  detail: 'only a platform owner may ban, delete or erase a platform owner',
});

/** Raised by the operators module, when the account that is to be erased is the platform's last owner. */
export const LastOwner = defineProblem({
  code: 'last_owner',
  kind: 'conflict',
  title: 'The last platform owner stays',
  detail: 'make somebody else a platform owner first',
});
