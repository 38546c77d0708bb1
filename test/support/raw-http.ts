import { type AddressInfo, connect, type Socket } from 'node:net';
import type { TestApp } from './test-app.js';

/** What a server did with the bytes it was sent. */
export interface RawExchange {
  /** Of the first answer; 0 when there was none. */
  readonly status: number;
  /** Everything that came back. */
  readonly text: string;
  /** Whether the server ended the connection. */
  readonly closed: boolean;
}

/** A service on a real port, for what only bytes on a wire can say. */
export class RawHttp {
  private constructor(private readonly port: number) {}

  static async listen(app: TestApp): Promise<RawHttp> {
    await app.nest.listen(0, '127.0.0.1');
    return new RawHttp((app.nest.getHttpServer().address() as AddressInfo).port);
  }

  /** Sends bytes and reads until the server closes, or until `until` matches what came back. */
  async send(bytes: string | readonly string[], until?: RegExp): Promise<RawExchange> {
    const socket = connect(this.port, '127.0.0.1');
    try {
      return await converse(socket, [bytes].flat(), until);
    } finally {
      socket.destroy();
    }
  }
}

function converse(socket: Socket, parts: readonly string[], until: RegExp | undefined): Promise<RawExchange> {
  return new Promise((resolve) => {
    let text = '';
    const end = (closed: boolean): void =>
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text, closed });
    socket.on('data', (data) => {
      text += data.toString('latin1');
      if (until?.test(text) === true) end(false);
    });
    // A reset by the server is an end like any other.
    socket.on('error', () => end(true));
    socket.on('close', () => end(true));
    for (const part of parts) socket.write(part, 'latin1');
  });
}
