import { link, type MailContent, paragraph, renderMail } from './html-mail.js';
import { inWords } from './in-words.js';

export interface ResetPasswordParameters {
  readonly appName: string;
  readonly link: string;
  readonly linkTtlMs: number;
}

/** To the address on file of an account whose password somebody says they forgot. */
export function resetPasswordMail(given: ResetPasswordParameters): MailContent {
  return renderMail(`Choose a new password for ${given.appName}`, [
    paragraph('Hello,'),
    paragraph(
      `somebody asked for a new password for your account at ${given.appName}. If it was you, choose one here:`,
    ),
    link('Choose a new password', given.link),
    paragraph(
      `The link works once, for ${inWords(given.linkTtlMs)}. Choosing a new password signs you out everywhere.`,
    ),
    paragraph('If it was not you, ignore this mail: your password stays as it is.'),
  ]);
}
