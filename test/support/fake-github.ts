import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

interface SigningKey {
  readonly identifier: string;
  readonly privateKey: KeyObject;
  readonly pem: string;
}

export function newSigningKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return { identifier: randomBytes(32).toString('hex'), privateKey, pem };
}

/** The end of GitHub that reports leaks: lists its public keys on the loopback, and signs. */
export class FakeGithub {
  readonly key = newSigningKey();
  /** What is listed. */
  listed: readonly SigningKey[] = [this.key];
  /** How often the list was asked for. */
  asked = 0;
  /** While set, this answers instead. */
  behaviour: ((response: ServerResponse) => void) | undefined;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((_request, response) => this.answer(response));
    // A sweep that forgets one must still end.
    this.#server.unref();
  }

  static async open(): Promise<FakeGithub> {
    const github = new FakeGithub();
    await new Promise<void>((resolve) => github.#server.listen(0, '127.0.0.1', resolve));
    return github;
  }

  /** For an application that takes reports from here. */
  get env(): { readonly AUTHSOME_KEYS_LEAKS_URL: string; readonly AUTHSOME_OUTBOUND_ALLOW: string } {
    const address = `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return {
      AUTHSOME_KEYS_LEAKS_URL: `http://${address}/meta/public_keys/secret_scanning`,
      AUTHSOME_OUTBOUND_ALLOW: address,
    };
  }

  headersFor(payload: string | Buffer, { identifier, privateKey } = this.key): Record<string, string> {
    return {
      'content-type': 'application/json',
      'github-public-key-identifier': identifier,
      'github-public-key-signature': sign('sha256', Buffer.from(payload), privateKey).toString('base64'),
    };
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  private answer(response: ServerResponse): void {
    this.asked += 1;
    if (this.behaviour !== undefined) return this.behaviour(response);
    const keys = this.listed.map(({ identifier, pem }) => ({ key_identifier: identifier, key: pem, is_current: true }));
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ public_keys: keys }));
  }
}
