import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Secret } from '../../kernel/crypto/secret.js';
import type { Id } from '../../kernel/ids/id.js';
import { OutboundClient } from '../../kernel/outbound/outbound-client.js';
import { DeliveryFailed } from '../mailer.js';
import type { Message } from '../message.js';
import { HttpMailer } from './http.mailer.js';

const message: Message = {
  id: 'amsg_01h2xcejqtf2nbrexx3vqjhp41' as Id<'message'>,
  to: 'ada@example.com',
  purpose: 'verify_email',
  appId: 'aapp_01h2xcejqtf2nbrexx3vqjhp41' as Id<'app'>,
  envId: 'aenv_01h2xcejqtf2nbrexx3vqjhp41' as Id<'environment'>,
  subject: 'Hello',
  text: 'Hello',
  html: '<p>Hello</p>',
  link: 'https://id.example.com/pages/verify-email#token=abc',
  code: '012345',
};

let server: Server;
let outbound: OutboundClient;
let url: URL;
let status: number;
let requests: { readonly headers: IncomingHttpHeaders; readonly body: unknown }[];

beforeEach(async () => {
  status = 200;
  requests = [];
  server = createServer((request, response) => {
    void request.toArray().then((chunks: Buffer[]) => {
      requests.push({ headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString()) });
      response.writeHead(status, { location: '/' }).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  outbound = new OutboundClient({ allow: [`127.0.0.1:${port}`] });
  url = new URL(`http://127.0.0.1:${port}/in?key=marker`);
});

afterEach(async () => {
  await outbound.onApplicationShutdown();
  await new Promise((closed) => server.close(closed));
});

describe('HttpMailer', () => {
  it('S2: posts recipient, purpose, app, environment, texts, link and code', async () => {
    await new HttpMailer(outbound, { url }).send(message);
    expect(requests.map(({ body }) => body)).toEqual([
      {
        id: message.id,
        to: 'ada@example.com',
        purpose: 'verify_email',
        app_id: message.appId,
        env_id: message.envId,
        subject: 'Hello',
        text: 'Hello',
        html: '<p>Hello</p>',
        link: message.link,
        code: '012345',
      },
    ]);
  });

  it('sends null for a link and a code that a message does not have, and no one’s user id', async () => {
    await new HttpMailer(outbound, { url }).send({
      ...message,
      link: undefined,
      code: undefined,
      userId: 'u' as Id<'user'>,
    });
    expect(requests[0]?.body).toMatchObject({ link: null, code: null });
    expect(requests[0]?.body).not.toHaveProperty('user_id');
  });

  it('authenticates with the token, and names the message so that a repeat can be told', async () => {
    await new HttpMailer(outbound, { url, token: new Secret('t0ken') }).send(message);
    expect(requests[0]?.headers).toMatchObject({ authorization: 'Bearer t0ken', 'idempotency-key': message.id });
  });

  it.each([302, 400, 401, 404, 429, 500, 503])('a %i is a failure', async (refusal) => {
    status = refusal;
    await expect(new HttpMailer(outbound, { url }).send(message)).rejects.toThrow(DeliveryFailed);
  });

  it('S3: a receiver at an inner address that is not listed is never called', async () => {
    const guarded = new OutboundClient({ allow: [] });
    await expect(new HttpMailer(guarded, { url }).send(message)).rejects.toThrow(DeliveryFailed);
    expect(requests).toEqual([]);
    await guarded.onApplicationShutdown();
  });

  it('R301: a failure does not repeat the URL, which may hold a key', async () => {
    status = 500;
    await expect(new HttpMailer(outbound, { url }).send(message)).rejects.toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('marker') }),
    );
  });
});
