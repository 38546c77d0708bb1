import { createTransport, type Transporter } from 'nodemailer';
import type { Secret } from '../../kernel/crypto/secret.js';
import { DeliveryFailed, Mailer } from '../mailer.js';
import type { Message } from '../message.js';

export interface SmtpMailerOptions {
  /** `smtp://user:password@host:port`, or `smtps://…` for TLS from the first byte. */
  readonly url: Secret;
  /** Sender, such as `Acme <no-reply@acme.example>`. */
  readonly from: string;
  /** Until the server has greeted. Default 5 s. */
  readonly connectTimeoutMs?: number;
  /** From the call to the server's acceptance. Default 15 s. */
  readonly totalTimeoutMs?: number;
}

/**
 * One bare address without quoting, list separators or white space: what every mail program on the way reads the same way (R018).
 */
const PLAIN_ADDRESS = /^[^\s"(),:;<>@[\]\\\p{Cc}]+@[^\s"(),:;<>@[\]\\\p{Cc}]+$/u;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** Hands messages to a mail server, one connection per message. */
export class SmtpMailer extends Mailer {
  override readonly name = 'smtp';
  readonly #transport: Transporter;
  readonly #from: string;
  readonly #totalTimeoutMs: number;

  constructor({ url, from, connectTimeoutMs = 5_000, totalTimeoutMs = 15_000 }: SmtpMailerOptions) {
    super();
    this.#from = from;
    this.#totalTimeoutMs = totalTimeoutMs;
    this.#transport = createTransport({
      ...serverOf(url),
      connectionTimeout: connectTimeoutMs,
      greetingTimeout: connectTimeoutMs,
      dnsTimeout: connectTimeoutMs,
      socketTimeout: totalTimeoutMs,
      socketCloseTimeout: connectTimeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  override async send({ id, to, subject, text, html }: Message): Promise<void> {
    if (!PLAIN_ADDRESS.test(to)) throw new DeliveryFailed('the recipient is not one plain address');
    const signal = AbortSignal.timeout(this.#totalTimeoutMs);
    await this.failing(
      this.#transport.sendMail({
        from: this.#from,
        // An object: text would be parsed as a list, and quoted local parts have been parsed into other addresses (GHSA-mm7p-fcc7-pg87).
        to: { name: '', address: to },
        subject,
        text,
        html,
        messageId: `<${id}@${domainOf(this.#from)}>`,
        // RFC 3834: keeps out-of-office programs from answering.
        headers: { 'Auto-Submitted': 'auto-generated' },
        signal,
      }),
      signal,
    );
  }

  override async check(): Promise<void> {
    await this.failing(this.#transport.verify());
  }

  /** The driver's error stays here: it quotes what the server said, and that quotes the address. */
  private async failing(work: Promise<unknown>, signal?: AbortSignal): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (signal?.aborted) throw new DeliveryFailed(`the mail server took longer than ${this.#totalTimeoutMs} ms`);
      const { code, responseCode } = error as { readonly code?: string; readonly responseCode?: number };
      const reason = [code, responseCode].filter((part) => part !== undefined).join(', ');
      throw new DeliveryFailed(`the mail server failed (${reason || 'no reason given'})`);
    }
  }
}

function serverOf(url: Secret) {
  const { protocol, hostname, port, username, password } = new URL(url.reveal());
  const secure = protocol === 'smtps:';
  const loopback = LOOPBACK.test(hostname);
  const credentials = username !== '';
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    ...(port === '' ? {} : { port: Number(port) }),
    secure,
    // A password must not be had by whoever strips STARTTLS on the way. On loopback there is no way, and self-signed certificates abound.
    requireTLS: credentials && !secure && !loopback,
    ignoreTLS: loopback,
    ...(credentials ? { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } } : {}),
  };
}

function domainOf(from: string): string {
  return /@([\w.-]+)>?\s*$/.exec(from)?.[1] ?? 'localhost';
}
