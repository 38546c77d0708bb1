import type { MemberRole } from '../http/access/memberships.js';
import { describeEvents } from '../kernel/events/event-map.js';
import type { Id } from '../kernel/ids/id.js';

interface OrganizationPayload {
  org_id: Id<'organization'>;
  org_slug: string;
}

interface MemberPayload {
  org_id: Id<'organization'>;
  member_id: Id<'member'>;
  user_id: Id<'user'>;
  role: MemberRole;
}

interface InvitationPayload {
  org_id: Id<'organization'>;
  invitation_id: Id<'invitation'>;
  role: MemberRole;
}

interface TeamPayload {
  org_id: Id<'organization'>;
  team_id: Id<'team'>;
  team_slug: string;
}

interface TeamMemberPayload {
  org_id: Id<'organization'>;
  team_id: Id<'team'>;
  member_id: Id<'member'>;
}

declare module '../kernel/events/event-map.js' {
  interface EventMap {
    'org.created': OrganizationPayload;
    'org.updated': OrganizationPayload;
    'org.deleted': OrganizationPayload;
    'org.ownerless': { org_id: Id<'organization'>; user_id: Id<'user'> };
    'org.member.added': MemberPayload;
    'org.member.role_changed': MemberPayload & { previous_role: MemberRole };
    'org.member.removed': MemberPayload;
    'org.invitation.created': InvitationPayload;
    'org.invitation.resent': InvitationPayload;
    'org.invitation.revoked': InvitationPayload;
    'org.invitation.declined': InvitationPayload;
    'org.invitation.accepted': InvitationPayload & { member_id: Id<'member'>; user_id: Id<'user'> };
    'org.team.created': TeamPayload;
    'org.team.updated': TeamPayload;
    'org.team.deleted': TeamPayload;
    'org.team.member_added': TeamMemberPayload;
    'org.team.member_removed': TeamMemberPayload;
  }
}

describeEvents({
  'org.created': 'An organization was created.',
  'org.updated': 'An organization’s name, slug, picture, description, metadata, domains or state changed.',
  'org.deleted': 'An organization was deleted, with its members, teams and invitations.',
  'org.ownerless': 'The last owner of an organization who was not banned has been banned.',
  'org.member.added': 'A user became a member of an organization.',
  'org.member.role_changed': 'A member’s role in an organization changed.',
  'org.member.removed': 'A member left an organization or was removed from it.',
  'org.invitation.created': 'An address was invited to an organization.',
  'org.invitation.resent': 'An invitation was mailed again; its earlier link is void.',
  'org.invitation.revoked': 'An invitation was taken back.',
  'org.invitation.declined': 'An invitation was declined by whoever holds its link.',
  'org.invitation.accepted': 'An invitation was accepted by the invited person, who is a member now.',
  'org.team.created': 'A team was created.',
  'org.team.updated': 'A team’s name, slug, description or place changed.',
  'org.team.deleted': 'A team was deleted.',
  'org.team.member_added': 'A member joined a team.',
  'org.team.member_removed': 'A member left a team.',
});
