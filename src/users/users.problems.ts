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

/** Raised by the operators module, when the account that is to be erased is the platform's last owner. */
export const LastOwner = defineProblem({
  code: 'last_owner',
  kind: 'conflict',
  title: 'The last platform owner stays',
  detail: 'make somebody else a platform owner first',
});
