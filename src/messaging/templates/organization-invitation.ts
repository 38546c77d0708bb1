import { link, type MailContent, paragraph, renderMail } from './html-mail.js';
import { inWords } from './in-words.js';

export interface OrganizationInvitationParameters {
  readonly appName: string;
  readonly organizationName: string;
  /** Undefined when an operator invites. */
  readonly inviter: string | undefined;
  readonly role: string;
  readonly link: string;
  readonly linkTtlMs: number;
}

/** To somebody who may or may not have an account: the mail is the same. */
export function organizationInvitationMail(given: OrganizationInvitationParameters): MailContent {
  const { appName, organizationName, inviter } = given;
  const invites = inviter === undefined ? 'You are invited' : `${inviter} invites you`;
  return renderMail(`Join ${organizationName} at ${appName}`, [
    paragraph('Hello,'),
    paragraph(`${invites} to join ${organizationName} at ${appName}, as ${given.role}.`),
    link('See the invitation', given.link),
    paragraph(`The link works for ${inWords(given.linkTtlMs)}, and for this address only.`),
    paragraph('If you do not know who this is, you can ignore this mail, or decline behind the link.'),
  ]);
}
