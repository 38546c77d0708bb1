import { link, type MailContent, paragraph, renderMail } from './html-mail.js';
import { inWords } from './in-words.js';

export interface EmailChangedParameters {
  readonly appName: string;
  /** Gives the account its old address back. Absent when an earlier address holds the way back. */
  readonly link?: string;
  readonly linkTtlMs: number;
}

/** To the old address, after the change: the last word that reaches an owner whose account was taken over. */
export function emailChangedMail(given: EmailChangedParameters): MailContent {
  return renderMail(`Your e-mail address at ${given.appName} was changed`, [
    paragraph('Hello,'),
    paragraph(
      `your account at ${given.appName} has a new e-mail address. If you changed it, there is nothing to do here.`,
    ),
    ...(given.link === undefined
      ? [paragraph('If it was not you, use the link in the mail that told you of the first change.')]
      : [
          paragraph('If it was not you, undo the change, and then choose a new password:'),
          link('Undo the change', given.link),
          paragraph(`The link works for ${inWords(given.linkTtlMs)}.`),
        ]),
  ]);
}
