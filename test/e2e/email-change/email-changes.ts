import type { MessagePurpose } from '../../../src/messaging/message.js';
import { type Answer, PASSWORD, type SignedIn } from '../../support/api-client.js';
import { tokenOf } from '../../support/recording-mailer.js';
import type { TestApp, TestTenant } from '../../support/test-app.js';

/** The steps of a change of address, as its parties take them. */
export class EmailChanges {
  constructor(
    private readonly app: TestApp,
    private readonly tenant: TestTenant,
  ) {}

  ask({ token }: { token: string }, email: string): Promise<Answer> {
    return this.app.api.post('/v1/me/change-email', { token, body: { email } });
  }

  confirm(token: string, options: object = {}): Promise<Answer> {
    return this.app.api.post('/v1/change-email/confirm', { body: { token }, ...options });
  }

  undo(token: string): Promise<Answer> {
    return this.app.api.post('/v1/change-email/undo', { body: { token } });
  }

  signIn(email: string, password = PASSWORD): Promise<Answer> {
    return this.app.api.post('/v1/signin', { tenant: this.tenant, body: { email, password } });
  }

  me(token: string): Promise<Answer> {
    return this.app.api.get('/v1/me', { token });
  }

  /** The token of the newest mail. */
  async mailedTo(email: string, purpose: MessagePurpose): Promise<string> {
    await this.app.drain();
    return tokenOf(this.app.mailer.last(email, purpose));
  }

  /** Asks for a change. @returns the tokens that were mailed to the new and to the old address. */
  async asked(person: SignedIn, email: string): Promise<{ confirmToken: string; undoToken: string }> {
    const { email: old } = (await this.me(person.token)).body;
    const answer = await this.ask(person, email);
    if (answer.status !== 200) throw new Error(answer.text);
    return {
      confirmToken: await this.mailedTo(email, 'change_email'),
      undoToken: await this.mailedTo(String(old), 'email_change_notice'),
    };
  }

  /** Asks for a change and confirms it. @returns the tokens that were mailed to the old address before and after. */
  async changed(person: SignedIn, from: string, to: string): Promise<{ undoToken: string; revertToken: string }> {
    const { confirmToken, undoToken } = await this.asked(person, to);
    const answer = await this.confirm(confirmToken);
    if (answer.status !== 200) throw new Error(answer.text);
    return { undoToken, revertToken: await this.mailedTo(from, 'email_changed') };
  }
}
