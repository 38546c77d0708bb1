import { link, type MailContent, paragraph, renderMail } from './html-mail.js';
import { inWords } from './in-words.js';

export interface ChangeEmailParameters {
  readonly appName: string;
  readonly link: string;
  readonly linkTtlMs: number;
}

/** To the new address: the change happens when it is confirmed from there. */
export function changeEmailMail(given: ChangeEmailParameters): MailContent {
  return renderMail(`Confirm your new e-mail address for ${given.appName}`, [
    paragraph('Hello,'),
    paragraph(
      `this address was given as the new address of an account at ${given.appName}. Please confirm that it is yours.`,
    ),
    link('Confirm new address', given.link),
    paragraph(`The link works for ${inWords(given.linkTtlMs)}. Until then the account keeps its old address.`),
    paragraph('If you did not ask for this, you can ignore this mail.'),
  ]);
}
