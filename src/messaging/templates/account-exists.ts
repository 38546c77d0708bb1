import { type MailContent, paragraph, renderMail } from './html-mail.js';

export interface AccountExistsParameters {
  readonly appName: string;
}

/** To an address that signed up a second time. The page it signed up on does not tell whether there is an account; this mail does (R112). */
export function accountExistsMail({ appName }: AccountExistsParameters): MailContent {
  return renderMail(`You already have an account at ${appName}`, [
    paragraph('Hello,'),
    paragraph(
      `somebody tried to create an account at ${appName} with this address, but you have one already. Nothing was changed.`,
    ),
    paragraph('If it was you, sign in instead, or say that you forgot your password.'),
    paragraph('If it was not you, you can ignore this mail.'),
  ]);
}
