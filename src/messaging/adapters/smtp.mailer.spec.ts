import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { Secret } from '../../kernel/crypto/secret.js';
import type { Id } from '../../kernel/ids/id.js';
import { DeliveryFailed } from '../mailer.js';
import type { Message } from '../message.js';
import { SmtpMailer } from './smtp.mailer.js';

const message: Message = {
  id: 'amsg_01h2xcejqtf2nbrexx3vqjhp41' as Id<'message'>,
  to: 'ada@example.com',
  purpose: 'verify_email',
  appId: 'aapp_01h2xcejqtf2nbrexx3vqjhp41' as Id<'app'>,
  envId: 'aenv_01h2xcejqtf2nbrexx3vqjhp41' as Id<'environment'>,
  subject: 'Hello',
  text: 'Hello',
  html: '<p>Hello</p>',
};

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
}

async function mailServer(options: SMTPServerOptions = {}): Promise<{ port: number; mails: string[] }> {
  const mails: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData: (stream, _session, done) => {
      void stream.toArray().then((chunks: Buffer[]) => {
        mails.push(Buffer.concat(chunks).toString());
        done();
      });
    },
    ...options,
  });
  closing.push(() => new Promise((closed) => server.close(() => closed(undefined))));
  return { port: await listening(server.server), mails };
}

const mailer = (url: string, timeouts = {}): SmtpMailer =>
  new SmtpMailer({ url: new Secret(url), from: 'Acme <no-reply@acme.example>', ...timeouts });

describe('SmtpMailer', () => {
  it('names the sender, and gives every try of a message the same id', async () => {
    const { port, mails } = await mailServer();
    const smtp = mailer(`smtp://127.0.0.1:${port}`);
    await smtp.send(message);
    await smtp.send(message);
    expect(mails).toHaveLength(2);
    for (const mail of mails) {
      expect(mail).toContain('From: Acme <no-reply@acme.example>');
      expect(mail).toContain(`Message-ID: <${message.id}@acme.example>`);
      expect(mail).toContain('Auto-Submitted: auto-generated');
    }
  });

  it('logs in with the user and password of the URL, percent-decoded', async () => {
    const logins: unknown[] = [];
    const { port, mails } = await mailServer({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, done) => {
        logins.push([username, password]);
        done(null, { user: username });
      },
    });
    await mailer(`smtp://ada%40example.com:p%2Fw%3A1@127.0.0.1:${port}`).send(message);
    expect(logins).toEqual([['ada@example.com', 'p/w:1']]);
    expect(mails).toHaveLength(1);
  });

  it('does not log in without TLS on a server that is not this machine, whoever removed the offer of STARTTLS', async () => {
    const logins: unknown[] = [];
    const { port, mails } = await mailServer({
      allowInsecureAuth: true,
      onAuth: (auth, _session, done) => (logins.push(auth), done(null, { user: 'ada' })),
    });
    // The unspecified address leads to this machine, but is not one that is known to.
    const failure = mailer(`smtp://ada:password@0.0.0.0:${port}`).send(message);
    await expect(failure).rejects.toThrow(DeliveryFailed);
    expect([...logins, ...mails]).toEqual([]);
  });

  it('uses a mail catcher on loopback that offers STARTTLS with a certificate nobody signed', async () => {
    // The server warns about the very certificate that this is about.
    const warning = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const { port, mails } = await mailServer({ disabledCommands: [] });
    warning.mockRestore();
    await mailer(`smtp://127.0.0.1:${port}`).send(message);
    expect(mails).toHaveLength(1);
  });

  it('R301: a refused login raises without the password or the server’s words', async () => {
    const { port } = await mailServer({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: ({ password }, _session, done) => done(new Error(`wrong: ${password}`)),
    });
    const failure: unknown = await mailer(`smtp://ada:marker@127.0.0.1:${port}`)
      .send(message)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DeliveryFailed);
    expect(failure).toMatchObject({ message: expect.stringContaining('EAUTH') });
    expect(inspect(failure, { depth: 10, showHidden: true })).not.toContain('marker');
  });

  it('raises when nobody listens', async () => {
    const server = createServer();
    const port = await listening(server);
    await new Promise((closed) => server.close(closed));
    const smtp = mailer(`smtp://127.0.0.1:${port}`);
    await expect(smtp.send(message)).rejects.toThrow(DeliveryFailed);
    await expect(smtp.check()).rejects.toThrow(DeliveryFailed);
  });

  it('gives up on a server that never greets, and on one that greets and keeps the line busy', async () => {
    const sockets: Socket[] = [];
    const mute = createServer((socket) => sockets.push(socket));
    const chatty = createServer((socket) => {
      sockets.push(socket);
      const timer = setInterval(() => socket.write('220-wait\r\n'), 5);
      socket.on('close', () => clearInterval(timer)).on('error', () => undefined);
    });
    closing.push(async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all([mute, chatty].map((server) => new Promise((closed) => server.close(closed))));
    });
    const timeouts = { connectTimeoutMs: 600_000, totalTimeoutMs: 50 };
    for (const server of [mute, chatty]) {
      const smtp = mailer(`smtp://127.0.0.1:${await listening(server)}`, timeouts);
      await expect(smtp.send(message)).rejects.toThrow('longer than 50 ms');
    }
  }, 5_000);

  it('check reaches the server and sends nothing', async () => {
    const { port, mails } = await mailServer();
    await mailer(`smtp://127.0.0.1:${port}`).check();
    expect(mails).toEqual([]);
  });

  it('R018: opens no connection for anything but one plain address', async () => {
    const connections: unknown[] = [];
    const { port } = await mailServer({ onConnect: (session, done) => (connections.push(session), done()) });
    const smtp = mailer(`smtp://127.0.0.1:${port}`);
    for (const to of ['a@b.example,c@d.example', '"a@b.example c"@d.example', 'a@b.example\nc@d.example', 'ada', '']) {
      await expect(smtp.send({ ...message, to })).rejects.toThrow('not one plain address');
    }
    expect(connections).toEqual([]);
  });

  it('does not show its URL when it is printed', () => {
    const printed = inspect(mailer('smtp://ada:marker@mail.example:587'), { depth: 10 });
    expect(printed).not.toContain('marker');
  });
});
