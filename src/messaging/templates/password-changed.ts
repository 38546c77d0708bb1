import { type MailContent, paragraph, renderMail } from './html-mail.js';

export interface PasswordChangedParameters {
  readonly appName: string;
}

/** After a password was changed or reset (ASVS 6.3.7). */
export function passwordChangedMail({ appName }: PasswordChangedParameters): MailContent {
  return renderMail(`Your password at ${appName} was changed`, [
    paragraph('Hello,'),
    paragraph(`the password of your account at ${appName} was changed. If it was you, there is nothing to do here.`),
    paragraph(
      `If it was not you, go to ${appName}, say that you forgot your password and choose a new one. That signs everybody else out.`,
    ),
  ]);
}
