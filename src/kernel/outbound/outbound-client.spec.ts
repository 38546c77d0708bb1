import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Agent, request } from 'undici';
import { guardedConnector, type LookupAll } from './guarded-connector.js';
import { OutboundClient, type OutboundOptions } from './outbound-client.js';
import { OutboundFailed, OutboundRefused } from './outbound-errors.js';
import { OutboundPolicy } from './outbound-policy.js';

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface Receiver {
  readonly port: number;
  readonly requests: readonly IncomingMessage[];
  readonly bodies: readonly string[];
  /** Counted when accepted: a TLS handshake that goes no further is a contact too. */
  readonly connections: readonly unknown[];
}

async function receiver(answer: RequestListener): Promise<Receiver> {
  const requests: IncomingMessage[] = [];
  const bodies: string[] = [];
  const connections: unknown[] = [];
  const server: Server = createServer((incoming, response) => {
    requests.push(incoming);
    void incoming.toArray().then((chunks: Buffer[]) => {
      bodies.push(Buffer.concat(chunks).toString());
      answer(incoming, response);
    });
  });
  server.on('connection', (socket) => connections.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return { port: (server.address() as { port: number }).port, requests, bodies, connections };
}

function client(options: OutboundOptions): OutboundClient {
  const made = new OutboundClient(options);
  closing.push(() => made.onApplicationShutdown());
  return made;
}

const resolvingTo = (...addresses: string[]): LookupAll => {
  return (_hostname, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
};

describe('OutboundClient', () => {
  it('S3: posts JSON to a listed inner address and answers status, headers and body', async () => {
    const { port, requests, bodies } = await receiver((_, response) => {
      response.writeHead(202, { 'x-seen': 'yes' }).end('thanks');
    });
    const outbound = client({ allow: [`127.0.0.1:${port}`] });
    const answer = await outbound.post(`http://127.0.0.1:${port}/in?x=1`, {
      json: { é: 1 },
      headers: { 'x-mine': 'a' },
    });
    expect(answer).toMatchObject({ status: 202, body: 'thanks', headers: { 'x-seen': 'yes' } });
    expect(bodies).toEqual(['{"é":1}']);
    expect(requests[0]).toMatchObject({ method: 'POST', url: '/in?x=1' });
    expect(requests[0]?.headers).toMatchObject({ 'x-mine': 'a', 'content-type': 'application/json' });
  });

  it('sends a raw body byte for byte', async () => {
    const { port, bodies } = await receiver((_, response) => response.end());
    const body = '{ "signed" :  "exactly so" }';
    await client({ allow: [`127.0.0.1:${port}`] }).post(`http://127.0.0.1:${port}/`, { body });
    expect(bodies).toEqual([body]);
  });

  it('reads an address under the same rules, within a time of its own', async () => {
    const { port, requests, connections } = await receiver(({ url }, response) => {
      if (url === '/moved') response.writeHead(302, { location: '/' }).end();
      else if (url !== '/slow') response.end('here');
    });
    const outbound = client({ allow: [`127.0.0.1:${port}`] });
    expect(await outbound.get(`http://127.0.0.1:${port}/`, 5_000)).toMatchObject({ status: 200, body: 'here' });
    expect(requests[0]).toMatchObject({ method: 'GET' });
    await expect(outbound.get(`http://127.0.0.1:${port}/moved`, 5_000)).rejects.toThrow('redirect');
    await expect(outbound.get(`http://127.0.0.1:${port}/slow`, 50)).rejects.toThrow('within 50 ms');
    const before = connections.length;
    await expect(client({ allow: [] }).get(`http://127.0.0.1:${port}/`, 5_000)).rejects.toThrow(OutboundRefused);
    expect(connections).toHaveLength(before);
  });

  it('R222: an inner address that is not listed is refused and its listener sees nothing', async () => {
    const { port, connections } = await receiver((_, response) => response.end());
    const outbound = client({ allow: [] });
    for (const host of ['127.0.0.1', 'localhost', '0x7f000001', '2130706433', '[::ffff:127.0.0.1]']) {
      await expect(outbound.post(`http://${host}:${port}/`, { json: {} })).rejects.toThrow(OutboundRefused);
      await expect(outbound.post(`https://${host}:${port}/`, { json: {} })).rejects.toThrow(OutboundRefused);
    }
    expect(connections).toHaveLength(0);
  });

  it.each(['127.0.0.1', '0x7f000001', '[::ffff:127.0.0.1]', '[::1]'])(
    'R222: the connector refuses the literal %s on its own, which no lookup function is asked for',
    async (host) => {
      const { port, connections } = await receiver((_, response) => response.end());
      const dispatcher = new Agent({ connect: guardedConnector(new OutboundPolicy([]), 1_000) });
      closing.push(() => dispatcher.destroy());
      await expect(request(`http://${host}:${port}/`, { dispatcher })).rejects.toThrow(OutboundRefused);
      expect(connections).toHaveLength(0);
    },
  );

  it.each([[['127.0.0.1']], [['::1']], [['8.8.8.8', '127.0.0.1']], [['::ffff:127.0.0.1']]])(
    'R223: a public name that resolves to %j when the connection is made is refused',
    async (addresses) => {
      const { port, connections } = await receiver((_, response) => response.end());
      const outbound = client({ allow: [], lookup: resolvingTo(...addresses) });
      const url = `https://rebound.example:${port}/`;
      expect(outbound.check(url).hostname).toBe('rebound.example');
      await expect(outbound.post(url, { json: {} })).rejects.toThrow(OutboundRefused);
      expect(connections).toHaveLength(0);
    },
  );

  it('R223: a name is asked for once per connection, so there is no second answer to rebind it with', async () => {
    const { port } = await receiver((_, response) => response.writeHead(200, { connection: 'close' }).end());
    const asked: string[] = [];
    const outbound = client({
      allow: [`receiver.example:${port}`],
      lookup: (hostname, options, callback) => {
        asked.push(hostname);
        resolvingTo('127.0.0.1')(hostname, options, callback);
      },
    });
    await outbound.post(`http://receiver.example:${port}/`, { json: {} });
    await outbound.post(`http://receiver.example:${port}/`, { json: {} });
    expect(asked).toEqual(['receiver.example', 'receiver.example']);
  });

  it('a listed name may resolve to an inner address', async () => {
    const { port } = await receiver((_, response) => response.end('inside'));
    const outbound = client({ allow: [`receiver.example:${port}`], lookup: resolvingTo('127.0.0.1') });
    await expect(outbound.post(`http://receiver.example:${port}/`, { json: {} })).resolves.toMatchObject({
      body: 'inside',
    });
  });

  it.each([301, 302, 303, 307, 308])(
    'R224: a %i to another address is a failure and is not followed',
    async (status) => {
      const inner = await receiver((_, response) => response.end());
      const { port } = await receiver((_, response) =>
        response.writeHead(status, { location: `http://127.0.0.1:${inner.port}/` }).end(),
      );
      const outbound = client({ allow: [`127.0.0.1:${port}`, `127.0.0.1:${inner.port}`] });
      await expect(outbound.post(`http://127.0.0.1:${port}/`, { json: {} })).rejects.toThrow(OutboundFailed);
      expect(inner.connections).toHaveLength(0);
    },
  );

  it('keeps no more of a body than the cap, and does not wait for the rest', async () => {
    const { port } = await receiver((_, response) => {
      const more = (): void => {
        while (response.write(Buffer.alloc(65_536, 'x')));
      };
      response.on('drain', more);
      more();
    });
    const outbound = client({ allow: [`127.0.0.1:${port}`], mostBodyBytes: 100 });
    const { body } = await outbound.post(`http://127.0.0.1:${port}/`, { json: {} });
    expect(body).toBe('x'.repeat(100));
  });

  it.each([
    ['never answers', () => undefined],
    ['stops half-way', (_: IncomingMessage, response: Parameters<RequestListener>[1]) => void response.write('half')],
  ])('gives up on a server that %s', async (_, answer) => {
    const { port } = await receiver(answer);
    const outbound = client({ allow: [`127.0.0.1:${port}`], totalTimeoutMs: 50 });
    await expect(outbound.post(`http://127.0.0.1:${port}/`, { json: {} })).rejects.toThrow(
      'no complete answer within 50 ms',
    );
  });

  it('R301: a failure names the reason and not the URL', async () => {
    const { port } = await receiver((incoming) => incoming.socket.destroy());
    const failure = client({ allow: [`127.0.0.1:${port}`] }).post(`http://127.0.0.1:${port}/marker?token=marker`, {
      json: {},
    });
    await expect(failure).rejects.toThrow(OutboundFailed);
    await expect(failure).rejects.toThrow(expect.objectContaining({ message: expect.not.stringContaining('marker') }));
  });
});
