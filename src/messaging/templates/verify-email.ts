import { code, link, type MailContent, paragraph, renderMail } from './html-mail.js';
import { inWords } from './in-words.js';

export interface VerifyEmailParameters {
  readonly appName: string;
  readonly link: string;
  readonly linkTtlMs: number;
  readonly code: string;
  readonly codeTtlMs: number;
}

/** To the address of an account: proves that the mailbox belongs to the person. */
export function verifyEmailMail(given: VerifyEmailParameters): MailContent {
  return renderMail(`Confirm your e-mail address for ${given.appName}`, [
    paragraph('Hello,'),
    paragraph(`this address was given for an account at ${given.appName}. Please confirm that it is yours.`),
    link('Confirm e-mail address', given.link),
    paragraph(
      `The link works for ${inWords(given.linkTtlMs)}. Or enter this code where you are asked for it, within ${inWords(given.codeTtlMs)}:`,
    ),
    code(given.code),
    paragraph('If you did not ask for this, you can ignore this mail.'),
  ]);
}
