// Receivers of webhooks in a process of their own: what they do is not to be felt by whoever measures.
import { createServer } from 'node:http';

const FLOOD = Buffer.alloc(10_000_000, 'x');

/** How receivers may behave. */
const BEHAVIOURS = {
  answers: (response) => response.writeHead(204).end(),
  hangs: () => undefined,
  drips: (response) => {
    response.writeHead(200);
    const drip = setInterval(() => response.write('.'), 200);
    response.on('close', () => clearInterval(drip));
  },
  fails: (response) => response.writeHead(500).end(),
  redirects: (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
  floods: (response) => response.writeHead(200).end(FLOOD),
};

/** Whom the events were about that the good receiver was told of, and when. */
const arrivals = new Map();

const receivers = [];
for (const name of process.argv.slice(2)) {
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { data } = JSON.parse(Buffer.concat(chunks));
    if (name === 'answers' && !arrivals.has(data.user_id)) arrivals.set(data.user_id, Date.now());
    BEHAVIOURS[name](response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${server.address().port}`;
  receivers.push({ name, address, url: `http://${address}/` });
}
process.send(receivers);
process.on('message', () => process.send([...arrivals]));
