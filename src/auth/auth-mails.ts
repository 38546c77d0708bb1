import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { TenantRecords } from '../environments/tenant-records.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { Links } from '../messaging/links.js';
import type { MessagePurpose } from '../messaging/message.js';
import { Messages } from '../messaging/messages.js';
import { accountExistsMail } from '../messaging/templates/account-exists.js';
import { changeEmailMail } from '../messaging/templates/change-email.js';
import { emailChangedMail } from '../messaging/templates/email-changed.js';
import { emailChangeNoticeMail } from '../messaging/templates/email-change-notice.js';
import type { MailContent } from '../messaging/templates/html-mail.js';
import { passwordChangedMail } from '../messaging/templates/password-changed.js';
import { resetPasswordMail } from '../messaging/templates/reset-password.js';
import { verifyEmailMail } from '../messaging/templates/verify-email.js';
import type { IssuedChallenge } from './challenges/challenges.service.js';

interface Recipient {
  readonly id: Id<'user'>;
  readonly email: string;
}

/** Writes the mails of the authentication flows. Each is enqueued in the transaction of what it tells about. */
@Injectable()
export class AuthMails {
  constructor(
    private readonly messages: Messages,
    private readonly links: Links,
    private readonly tenants: TenantRecords,
    private readonly config: Config,
  ) {}

  async verifyEmail(scope: EnvScope, to: Recipient, { token, code }: IssuedChallenge): Promise<void> {
    const link = this.links.verifyEmail(token, to.email);
    const { verificationTtlMs: linkTtlMs, codeTtlMs } = this.config.challenges;
    const content = verifyEmailMail({ ...(await this.app(scope)), link, linkTtlMs, code, codeTtlMs });
    this.send(scope, to, 'verify_email', content, { link, code });
  }

  async resetPassword(scope: EnvScope, to: Recipient, { token }: IssuedChallenge): Promise<void> {
    const link = this.links.resetPassword(token);
    const linkTtlMs = this.config.challenges.passwordResetTtlMs;
    const content = resetPasswordMail({ ...(await this.app(scope)), link, linkTtlMs });
    this.send(scope, to, 'reset_password', content, { link });
  }

  async passwordChanged(scope: EnvScope, to: Recipient): Promise<void> {
    this.send(scope, to, 'password_changed', passwordChangedMail(await this.app(scope)));
  }

  async accountExists(scope: EnvScope, to: Recipient): Promise<void> {
    this.send(scope, to, 'account_exists', accountExistsMail(await this.app(scope)));
  }

  async changeEmail(scope: EnvScope, to: Recipient, { token }: IssuedChallenge): Promise<void> {
    const link = this.links.changeEmail(token);
    const linkTtlMs = this.config.challenges.emailChangeTtlMs;
    const content = changeEmailMail({ ...(await this.app(scope)), link, linkTtlMs });
    this.send(scope, to, 'change_email', content, { link });
  }

  async emailChangeNotice(scope: EnvScope, to: Recipient, { token }: IssuedChallenge): Promise<void> {
    const link = this.links.undoEmailChange(token);
    const linkTtlMs = this.config.challenges.emailChangeUndoTtlMs;
    const content = emailChangeNoticeMail({ ...(await this.app(scope)), link, linkTtlMs });
    this.send(scope, to, 'email_change_notice', content, { link });
  }

  /** @param revert absent when an earlier address holds the way back. */
  async emailChanged(scope: EnvScope, to: Recipient, revert: IssuedChallenge | undefined): Promise<void> {
    const linkTtlMs = this.config.challenges.emailChangeUndoTtlMs;
    const link = revert === undefined ? {} : { link: this.links.undoEmailChange(revert.token) };
    const content = emailChangedMail({ ...(await this.app(scope)), ...link, linkTtlMs });
    this.send(scope, to, 'email_changed', content, link);
  }

  private async app(scope: EnvScope): Promise<{ appName: string }> {
    return { appName: (await this.tenants.get(scope)).appName };
  }

  private send(
    scope: EnvScope,
    { id: userId, email: to }: Recipient,
    purpose: MessagePurpose,
    content: MailContent,
    secrets: { link?: string; code?: string } = {},
  ): void {
    this.messages.send(scope, { to, purpose, userId, ...content, ...secrets });
  }
}
