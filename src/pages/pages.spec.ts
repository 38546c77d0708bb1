import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ProblemFilter } from '../http/problems/problem.filter.js';
import { RequestState } from '../http/request-state.js';
import { Logger } from '../kernel/logging/logger.js';
import { PagesModule } from './pages.module.js';

const PAGES = ['verify-email', 'reset-password', 'change-email', 'undo-email-change'];
/** With a script of its own. */
const EVERY_PAGE = [...PAGES, 'invitation'];

describe('The built-in pages', () => {
  let app: NestFastifyApplication;

  beforeAll(async () => {
    const testing = await Test.createTestingModule({ imports: [PagesModule] }).compile();
    app = testing.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
    app.useGlobalFilters(new ProblemFilter(new Logger({ level: 'silent', format: 'json' })));
    const fastify = app.getHttpAdapter().getInstance();
    fastify.decorateRequest('authsome');
    fastify.addHook('onRequest', (request, _reply, done) => {
      request.authsome = new RequestState('test', undefined, undefined);
      done();
    });
    await app.init();
    await fastify.ready();
  });

  afterAll(() => app.close());

  const get = (name: string) => app.inject({ method: 'GET', url: `/pages/${name}` });

  it.each([
    ...EVERY_PAGE.map((name) => [name, 'text/html; charset=utf-8']),
    ['invitation.js', 'text/javascript; charset=utf-8'],
    ['pages.css', 'text/css; charset=utf-8'],
    ['pages.js', 'text/javascript; charset=utf-8'],
  ])('R117: %s is served as %s, without a referrer and under a closed policy', async (name, type) => {
    const answer = await get(name);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toBe(type);
    expect(answer.headers['referrer-policy']).toBe('no-referrer');
    expect(answer.headers['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    );
  });

  it.each(EVERY_PAGE)(
    '%s runs under that policy: no inline script or style, nothing from another host',
    async (name) => {
      const { body } = await get(name);
      expect(body).not.toMatch(/<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|<img|<iframe|https?:|\/\//i);
      const loaded = [...body.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address ?? '');
      expect(loaded).toEqual(['pages.css', name === 'invitation' ? 'invitation.js' : 'pages.js']);
    },
  );

  it.each(EVERY_PAGE)('%s can be used without seeing it: language, title, labels and a live status', async (name) => {
    const { body } = await get(name);
    expect(body).toContain('<html lang="en">');
    expect(body).toMatch(/<title>[^<]+<\/title>/);
    expect(body).toContain('role="status" aria-live="polite"');
    for (const [, id] of body.matchAll(/<input[^>]*\sid="([^"]+)"/g)) {
      expect(body.includes(`<label for="${id}"`) || body.includes(`<label class="choice"><input id="${id}"`)).toBe(
        true,
      );
    }
  });

  it.each([
    '',
    'nothing',
    'verify-email.html',
    '..%2Fpage-files.ts',
    '%2e%2e%2fpage-files.ts',
    'constructor',
    '__proto__',
  ])('serves no other file: %j', async (name) => {
    expect((await get(name)).statusCode).toBe(404);
  });
});

interface Element {
  hidden: boolean;
  disabled: boolean;
  textContent: string;
  className: string;
  value: string;
  type: string;
  dataset: Record<string, string>;
  listeners: Record<string, (event: object) => unknown>;
  addEventListener(type: string, listener: (event: object) => unknown): void;
}

interface Sent {
  readonly url: string;
  readonly method: string;
  readonly body: string;
  readonly credentials: string;
}

const SCRIPT = readFileSync(join(import.meta.dirname, 'static', 'pages.js'), 'utf8');

/** Runs the script of the pages against the little of a browser that it uses. */
function open(page: string, url: string, answer: { ok: boolean; problem?: unknown } | Error = { ok: true }) {
  const html = readFileSync(join(import.meta.dirname, 'static', `${page}.html`), 'utf8');
  const sent: Sent[] = [];
  const shownAddresses: string[] = [];
  const element = (): Element => ({
    hidden: true,
    disabled: false,
    textContent: '',
    className: '',
    value: '',
    type: 'password',
    dataset: {},
    listeners: {},
    addEventListener(type, listener) {
      this.listeners[type] = listener;
    },
  });
  const byTag = { main: element(), form: element(), button: element() };
  byTag.main.dataset = {
    endpoint: /data-endpoint="([^"]+)"/.exec(html)?.[1] ?? '',
    done: /data-done="([^"]+)"/.exec(html)?.[1] ?? '',
  };
  const byId = new Map([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => [id, element()]));
  const { hash, pathname } = new URL(url);
  runInNewContext(SCRIPT, {
    URLSearchParams,
    location: { hash, pathname, reload: () => undefined },
    history: { replaceState: (_state: unknown, _title: string, address: string) => shownAddresses.push(address) },
    addEventListener: () => undefined,
    document: {
      querySelector: (tag: keyof typeof byTag) => byTag[tag],
      getElementById: (id: string) => byId.get(id) ?? null,
    },
    fetch: async (target: string, request: Omit<Sent, 'url'>) => {
      sent.push({ url: target, ...request });
      if (answer instanceof Error) throw answer;
      return { ok: answer.ok, json: async () => answer.problem };
    },
  });
  const part = (id: string): Element => byId.get(id) as Element;
  const submit = async (): Promise<void> => {
    await byTag.form.listeners.submit?.({ preventDefault: () => undefined });
  };
  return { ...byTag, part, sent, shownAddresses, submit };
}

describe('The script of the pages', () => {
  it.each(PAGES)('R114: opening %s sends nothing; only the button does', async (page) => {
    const { sent, submit } = open(page, `https://id.example.com/pages/${page}#token=abc`);
    expect(sent).toEqual([]);
    await submit();
    expect(sent).toHaveLength(1);
  });

  it.each([
    ['verify-email', '/v1/verify-email'],
    ['reset-password', '/v1/reset-password'],
    ['change-email', '/v1/change-email/confirm'],
    ['undo-email-change', '/v1/change-email/undo'],
  ])('%s posts its token to %s, below the same prefix, without cookies', async (page, endpoint) => {
    const { sent, submit } = open(page, `https://id.example.com/auth/pages/${page}#token=abc`);
    await submit();
    expect(sent[0]).toMatchObject({ method: 'POST', url: `/auth${endpoint}`, credentials: 'omit' });
    expect(JSON.parse(sent[0]?.body ?? '')).toMatchObject({ token: 'abc' });
  });

  it('R117: the secret leaves the address bar as soon as the page opens', () => {
    const { shownAddresses } = open('verify-email', 'https://id.example.com/pages/verify-email#token=abc');
    expect(shownAddresses).toEqual(['/pages/verify-email']);
  });

  it('posts the new password with the token', async () => {
    const { part, sent, submit } = open('reset-password', 'https://id.example.com/pages/reset-password#token=abc');
    part('new-password').value = ' pass & wörd ';
    await submit();
    expect(JSON.parse(sent[0]?.body ?? '')).toEqual({ token: 'abc', new_password: ' pass & wörd ' });
  });

  it('says that it is done, once', async () => {
    const { form, main, part, submit } = open('verify-email', 'https://id.example.com/pages/verify-email#token=abc');
    expect(form.hidden).toBe(false);
    await submit();
    expect(form.hidden).toBe(true);
    expect(part('status')).toMatchObject({ className: 'done', textContent: main.dataset.done });
  });

  it('shows the detail of a refusal and lets the person try again', async () => {
    const answer = { ok: false, problem: { detail: 'the password must have at least 8 characters' } };
    const { button, form, part, submit } = open(
      'reset-password',
      'https://id.example.com/pages/reset-password#token=abc',
      answer,
    );
    await submit();
    expect(part('status')).toMatchObject({ className: 'failed', textContent: answer.problem.detail });
    expect(form.hidden).toBe(false);
    expect(button.disabled).toBe(false);
  });

  it('says so when the service cannot be reached', async () => {
    const { button, part, submit } = open(
      'verify-email',
      'https://id.example.com/pages/verify-email#token=abc',
      new TypeError(),
    );
    await submit();
    expect(part('status').className).toBe('failed');
    expect(button.disabled).toBe(false);
  });

  it('shows no form for a link without its secret', () => {
    const { form, part } = open('verify-email', 'https://id.example.com/pages/verify-email');
    expect(form.hidden).toBe(true);
    expect(part('status').className).toBe('failed');
  });

  it('shows the address to be confirmed as text', () => {
    const { part } = open(
      'verify-email',
      'https://id.example.com/pages/verify-email#token=abc&email=a%2Bb%40example.com',
    );
    expect(part('email').textContent).toBe('a+b@example.com');
  });
});
