import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';

/**
 * The links in messages. They lead to the built-in pages under the configured public URL; no header of any request has a say (R113).
 * The secret rides in the fragment, which browsers never send: it reaches no log, no Referer and no scanner's GET (R114, R117).
 */
@Injectable()
export class Links {
  readonly #pages: string;

  constructor({ http }: Config) {
    if (http.publicUrl === undefined)
      throw new Error('the public URL was not resolved before the application was made');
    const { origin, pathname } = http.publicUrl;
    this.#pages = `${origin}${pathname.replace(/\/+$/, '')}${http.pathPrefix}/pages`;
  }

  /** @param email the address to be confirmed, shown on the page. */
  verifyEmail(token: string, email?: string): string {
    return this.to('verify-email', email === undefined ? { token } : { token, email });
  }

  resetPassword(token: string): string {
    return this.to('reset-password', { token });
  }

  changeEmail(token: string): string {
    return this.to('change-email', { token });
  }

  undoEmailChange(token: string): string {
    return this.to('undo-email-change', { token });
  }

  invitation(token: string): string {
    return this.to('invitation', { token });
  }

  private to(page: string, fragment: Record<string, string>): string {
    return `${this.#pages}/${page}#${new URLSearchParams(fragment).toString()}`;
  }
}
