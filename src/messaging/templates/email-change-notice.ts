import { link, type MailContent, paragraph, renderMail } from './html-mail.js';
import { inWords } from './in-words.js';

export interface EmailChangeNoticeParameters {
  readonly appName: string;
  /** Calls the change off, before and after it happened. */
  readonly link: string;
  readonly linkTtlMs: number;
}

/** To the old address, when a change is asked for: the owner of the account learns of it in time (R128). */
export function emailChangeNoticeMail(given: EmailChangeNoticeParameters): MailContent {
  return renderMail(`Your e-mail address at ${given.appName} is about to change`, [
    paragraph('Hello,'),
    paragraph(
      `somebody asked to change the e-mail address of your account at ${given.appName}. If it was you, there is nothing to do here.`,
    ),
    paragraph('If it was not you, keep your address, and then choose a new password:'),
    link('Keep this address', given.link),
    paragraph(`The link works for ${inWords(given.linkTtlMs)}.`),
  ]);
}
