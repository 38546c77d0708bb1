import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RawHttp } from '../../support/raw-http.js';
import { TestApp } from '../../support/test-app.js';

const HOST = 'Host: auth.test\r\n';
const CLOSE = 'Connection: close\r\n';
const JSON_TYPE = 'Content-Type: application/json\r\n';
const SIGN_IN = `POST /v1/signin HTTP/1.1\r\n${HOST}${JSON_TYPE}`;
const LIVE = `GET /health/live HTTP/1.1\r\n${HOST}`;

const headerLines = (count: number): string =>
  Array.from({ length: count }, (_, index) => `X-${index}: a\r\n`).join('');

describe('bytes on a socket', () => {
  let app: TestApp;
  let http: RawHttp;

  beforeAll(async () => {
    app = await TestApp.start({ env: { AUTHSOME_REQUEST_TIMEOUT: '1s', AUTHSOME_BODY_LIMIT: '16kb' } });
    http = await RawHttp.listen(app);
  });
  afterAll(() => app.close());

  /** The service still takes requests, and takes them apart. */
  async function expectAlive(): Promise<void> {
    const { status, text } = await http.send(`${LIVE}${CLOSE}\r\n`);
    expect([status, text.match(/HTTP\/1\.1/g)?.length]).toEqual([200, 1]);
  }

  it.each([
    [
      'both Content-Length and Transfer-Encoding',
      `${SIGN_IN}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      'Transfer-Encoding before Content-Length',
      `${SIGN_IN}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
    ],
    ['two lengths', `${SIGN_IN}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`],
    ['two lengths in one line', `${SIGN_IN}Content-Length: 2, 2\r\n\r\n{}`],
    ['a negative length', `${SIGN_IN}Content-Length: -1\r\n\r\n{}`],
    ['a length with a sign', `${SIGN_IN}Content-Length: +2\r\n\r\n{}`],
    ['a length in hexadecimal', `${SIGN_IN}Content-Length: 0x2\r\n\r\n{}`],
    ['a space before the colon', `${SIGN_IN}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`],
    ['an encoding after chunked', `${SIGN_IN}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
    ['a chunk without a size', `${SIGN_IN}Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n`],
    ['bare LF for line ends', 'GET /health/live HTTP/1.1\nHost: a\n\n'],
    ['a bare LF between headers', 'GET /health/live HTTP/1.1\r\nHost: a\nX: y\r\n\r\n'],
    ['a bare CR in a header', `${LIVE}X: a\rb\r\n\r\n`],
    ['a folded header', `${LIVE}X: y\r\n z\r\n\r\n`],
    ['a NUL in a header', `${LIVE}X: a\0b\r\n\r\n`],
    [
      'a control byte in a credential',
      `GET /v1/me HTTP/1.1\r\n${HOST}Authorization: Bearer ${'a'.repeat(64)}\x01\r\n\r\n`,
    ],
    ['no Host', 'GET /health/live HTTP/1.1\r\n\r\n'],
    ['another protocol version', `GET /health/live HTTP/3.7\r\n${HOST}\r\n`],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a TLS greeting', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['words', 'hello\r\n\r\n'],
  ])('R334: refuses %s with 400 and closes, so that nothing after it is read as a request', async (_what, bytes) => {
    const { status, closed, text } = await http.send([bytes, `${LIVE}\r\n`]);
    expect([status, closed]).toEqual([400, true]);
    expect(text.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
    await expectAlive();
  });

  it('R305: what the parser refuses is answered with a problem document and the headers of every answer', async () => {
    const { text } = await http.send('GET / HTTP/9.9\r\n\r\n');
    const [head = '', body = ''] = text.split('\r\n\r\n');
    expect(head).toContain('Content-Type: application/problem+json');
    expect(head).toMatch(/x-content-type-options: nosniff/i);
    expect(head).toMatch(/cache-control: no-store/i);
    expect(JSON.parse(body)).toMatchObject({ type: 'malformed_body', status: 400, code: 400, request_id: 'none' });
  });

  it.each([
    ['slow headers', 'GET /health/live HTTP/1.1\r\nHost: a\r\nX'],
    ['a slow body', `${SIGN_IN}Content-Length: 20\r\n\r\n{`],
    ['a slow chunk', `${SIGN_IN}Transfer-Encoding: chunked\r\n\r\n5\r\n{`],
    ['nothing after the first byte', 'G'],
  ])('R333: closes a connection with %s, and serves others meanwhile', async (_what, bytes) => {
    const slow = http.send(bytes);
    await expectAlive();
    expect((await slow).closed).toBe(true);
  });

  it.each([
    ['32 kB in one header', `${LIVE}X: ${'a'.repeat(32_768)}\r\n\r\n`],
    ['32 kB in many headers', `${LIVE}${headerLines(90).replaceAll(': a', `: ${'a'.repeat(364)}`)}\r\n`],
    ['a URL of 32 kB', `GET /${'a'.repeat(32_768)} HTTP/1.1\r\n${HOST}\r\n`],
    ['200 header lines', `${LIVE}${CLOSE}${headerLines(200)}\r\n`],
    ['3,000 header lines', `${LIVE}${CLOSE}${'X: a\r\n'.repeat(2_500)}\r\n`],
    ['200 cookies', `${LIVE}${CLOSE}${'Cookie: a=b\r\n'.repeat(200)}\r\n`],
  ])('R333: answers 431 to %s', async (_what, bytes) => {
    const { status, text } = await http.send(bytes, /"code":431}/);
    expect(status).toBe(431);
    expect(text).toContain('"type":"headers_too_large"');
    await expectAlive();
  });

  it('takes as many headers as clients and proxies send', async () => {
    expect((await http.send(`${LIVE}${CLOSE}${headerLines(90)}\r\n`)).status).toBe(200);
  });

  it('R325: answers 413 to a length over the limit before any of the body has come', async () => {
    const { status, text } = await http.send(`${SIGN_IN}Content-Length: 16385\r\n\r\n`, /"code":413}/);
    expect([status, text.includes('"type":"body_too_large"')]).toEqual([413, true]);
  });

  it('R325: answers 413 to chunks over the limit while they are still coming', async () => {
    const chunk = `1000\r\n${' '.repeat(4_096)}\r\n`;
    const { status } = await http.send(
      [`${SIGN_IN}Transfer-Encoding: chunked\r\n\r\n`, chunk.repeat(5)],
      /"code":413}/,
    );
    expect(status).toBe(413);
    await expectAlive();
  });

  it.each([
    ['TRACE', 404],
    ['CONNECT', 405],
    ['PROPFIND', 404],
    ['PURGE', 404],
    ['LOCK', 404],
    ['FOO', 400],
    ['get', 400],
  ])('R324: answers %s with %d', async (method, expected) => {
    const { status, text } = await http.send(`${method} /v1/me HTTP/1.1\r\n${HOST}${CLOSE}\r\n`);
    expect(status).toBe(expected);
    expect(text).not.toMatch(/authorization/i);
    await expectAlive();
  });

  it('R331: a path in the form that proxies are sent names the same guarded route', async () => {
    const { status } = await http.send(`GET http://elsewhere.test/v1/me HTTP/1.1\r\n${HOST}${CLOSE}\r\n`);
    expect(status).toBe(401);
  });

  it('answers requests that were sent together, each as its own', async () => {
    const { text } = await http.send(`${LIVE}\r\nGET /v1/me HTTP/1.1\r\n${HOST}${CLOSE}\r\n`);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 401']);
  });
});
