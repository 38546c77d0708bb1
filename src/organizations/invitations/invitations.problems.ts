import { defineProblem } from '../../kernel/errors/problem.js';

export const InvitationNotFound = defineProblem({
  code: 'invitation_not_found',
  kind: 'not_found',
  title: 'No such invitation',
  detail: 'invitation not found',
});

/** One answer for wrong, used, revoked, expired, replaced and foreign secrets (R191). */
export const InvalidInvitation = defineProblem({
  code: 'invalid_invitation',
  kind: 'invalid',
  title: 'The invitation is not valid',
  detail: 'the invitation is wrong, used, taken back or expired; ask for a new one',
});

export const InvitationOfAnother = defineProblem({
  code: 'invitation_of_another',
  kind: 'forbidden',
  title: 'The invitation is for somebody else',
  detail: 'sign in with the invited address, and verify it, then accept again',
});

export const InvitationLapsed = defineProblem({
  code: 'invitation_lapsed',
  kind: 'forbidden',
  title: 'Nobody answers for the invitation any more',
  detail: 'whoever invited you may no longer do so; ask for a new invitation',
});

export const InvitationPending = defineProblem({
  code: 'invitation_pending',
  kind: 'conflict',
  title: 'The address has been invited already',
  detail: 'an invitation waits for an answer; send it again or take it back first',
});

export const InvitationAnswered = defineProblem({
  code: 'invitation_answered',
  kind: 'conflict',
  title: 'The invitation does not wait for an answer',
  detail: 'it was accepted, declined or taken back; make a new one',
});

export const TooManyInvitations = defineProblem({
  code: 'too_many_invitations',
  kind: 'conflict',
  title: 'Too many invitations of the organization wait for an answer',
  detail: 'take back some that are not needed, or ask for a higher limit',
});
