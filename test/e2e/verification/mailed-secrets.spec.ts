import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Message } from '../../../src/messaging/message.js';
import { type Answer, PASSWORD, uniqueEmail } from '../../support/api-client.js';
import { tokenOf } from '../../support/recording-mailer.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import { asOwner } from '../../support/as-owner.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { DatabaseDump } from '../personal-data/database-dump.js';

const NEW_PASSWORD = 'chosen with the mailed link';

let app: TestApp;
let tenant: TestTenant;
const log: string[] = [];

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS, log });
  tenant = await app.createTenant();
});
afterAll(() => app.close());

const verifyMail = async (email = uniqueEmail()): Promise<Message> => {
  await app.api.signUp(tenant, { email });
  await app.drain();
  return app.mailer.last(email, 'verify_email');
};
const resetMail = async (): Promise<Message> => {
  const { to: email } = await verifyMail();
  await app.api.post('/v1/forgot-password', { tenant, body: { email } });
  await app.drain();
  return app.mailer.last(email, 'reset_password');
};
const changeMails = async (): Promise<{ confirm: Message; notice: Message }> => {
  const person = await app.api.signUp(tenant);
  const email = uniqueEmail();
  await app.api.post('/v1/me/change-email', { token: person.token, body: { email } });
  await app.drain();
  return {
    confirm: app.mailer.last(email, 'change_email'),
    notice: app.mailer.last(person.email, 'email_change_notice'),
  };
};
const changedMail = async (): Promise<Message> => {
  const { confirm, notice } = await changeMails();
  await app.api.post('/v1/change-email/confirm', { body: { token: tokenOf(confirm) } });
  await app.drain();
  return app.mailer.last(notice.to, 'email_changed');
};

/** Every kind of mailed link, and the one route that takes its token. */
const SECRETS: readonly (readonly [string, () => Promise<Message>, string])[] = [
  ['verify_email', () => verifyMail(), '/v1/verify-email'],
  ['reset_password', resetMail, '/v1/reset-password'],
  ['change_email', async () => (await changeMails()).confirm, '/v1/change-email/confirm'],
  ['email_change_notice', async () => (await changeMails()).notice, '/v1/change-email/undo'],
  ['email_changed', changedMail, '/v1/change-email/undo'],
];
const ROUTES = [...new Set(SECRETS.map(([, , route]) => route))];

const use = (route: string, token: string): Promise<Answer> =>
  app.api.post(route, { body: { token, ...(route === '/v1/reset-password' ? { new_password: NEW_PASSWORD } : {}) } });

describe.each(SECRETS)('the link of a mail of purpose %s', (purpose, mail, own) => {
  it('R108: is refused on every route but its own, where it then still works, once', async () => {
    const message = await mail();
    expect(message.purpose).toBe(purpose);
    const token = tokenOf(message);
    expect(token).toMatch(/^[0-9a-f]{64}$/);
    for (const route of ROUTES.filter((other) => other !== own)) {
      const answer = await use(route, token);
      expect([route, answer.status, answer.body.type]).toEqual([route, 401, 'invalid_code']);
    }
    const asSession = await app.api.get('/v1/me', { token });
    expect(asSession.status).toBe(401);
    const asRefresh = await app.api.post('/v1/refresh', { body: { refresh_token: token } });
    expect(asRefresh.status).toBe(401);
    expect((await use(own, token)).status).toBe(200);
    expect((await use(own, token)).status).toBe(401);
  });

  it('R114: survives a scanner that GETs and HEADs it, and the API with it', async () => {
    const message = await mail();
    const { pathname } = new URL(message.link ?? '');
    const token = tokenOf(message);
    for (const method of ['GET', 'HEAD']) {
      const page = await app.api.request(method, pathname);
      expect([page.status, page.headers['referrer-policy'], page.headers['cache-control']]).toEqual([
        200,
        'no-referrer',
        'no-store',
      ]);
      await app.api.request(method, `${own}?token=${token}`);
      await app.api.request(method, own, { query: { token }, tenant });
    }
    expect((await use(own, token)).status).toBe(200);
  });

  it('R107: used 50 times at once works once', async () => {
    const token = tokenOf(await mail());
    const answers = await Promise.all(Array.from({ length: 50 }, () => use(own, token)));
    const tally: Record<string, number> = {};
    for (const { status, body } of answers) {
      const answer = status === 200 ? 'worked' : `${status} ${String(body.type)}`;
      tally[answer] = (tally[answer] ?? 0) + 1;
    }
    expect(tally).toEqual({ worked: 1, '401 invalid_code': 49 });
  });

  it('R125: of another app or environment is refused and stays usable', async () => {
    const token = tokenOf(await mail());
    const others = [await app.createTenant(), await app.environmentOf(tenant.scope.appId, 'staging')];
    for (const other of others) {
      const body = { token, new_password: NEW_PASSWORD };
      expect((await app.api.post(own, { tenant: other, body })).status).toBe(401);
    }
    expect((await app.api.post(own, { tenant, body: { token, new_password: NEW_PASSWORD } })).status).toBe(200);
  });

  it('R113: leads to the configured host whatever the request says', async () => {
    const { link } = await mail();
    expect(link).toMatch(/^https:\/\/auth\.test\/pages\/[a-z-]+#/);
    expect(new URL(link ?? '').search).toBe('');
  });

  it('R117: leaves no trace of its token in the log or the database, neither before nor after it is used', async () => {
    const message = await mail();
    const token = tokenOf(message);
    const unused = await DatabaseDump.of(app);
    await use(own, token);
    await use(own, token);
    await app.drain();
    const used = await DatabaseDump.of(app);
    expect([unused.rowsWith(token), used.rowsWith(token)]).toEqual([[], []]);
    expect(log.filter((line) => line.includes(token))).toEqual([]);
    if (message.code !== undefined) expect(log.filter((line) => line.includes(`"${message.code ?? ''}"`))).toEqual([]);
    expect(log.length).toBeGreaterThan(0);
  });
});

describe('a mail that waits to be sent', () => {
  it('R117: shows neither its link’s token, nor its code, nor its address and text to a reader of the jobs table', async () => {
    const email = uniqueEmail();
    await app.api.signUp(tenant, { email });
    const waiting = await asOwner<{ row: string }>(app, 'SELECT to_jsonb(j)::text AS row FROM jobs j');
    const dump = await DatabaseDump.of(app);
    await app.drain();
    const message = app.mailer.last(email, 'verify_email');
    const jobs = waiting.map(({ row }) => row).join('\n');
    expect(jobs).toContain(message.id);
    for (const secret of [email, 'Confirm']) expect(jobs).not.toContain(secret);
    expect(jobs).not.toMatch(new RegExp(`\\b${message.code ?? ''}\\b`));
    expect(dump.rowsWith(tokenOf(message))).toEqual([]);
    expect(dump.rowsWith(email)).not.toEqual([]);
  });
});

describe('a request that lies about the host', () => {
  const FORGED = {
    host: 'evil.example',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'http',
    'x-forwarded-port': '8080',
    'x-forwarded-server': 'evil.example',
    'x-original-url': 'https://evil.example/',
    forwarded: 'for=1.2.3.4;host=evil.example;proto=http',
    referer: 'https://evil.example/',
  };

  it('R113: moves no link: sign-up, resend, reset and change of address', async () => {
    const headers = FORGED;
    const email = uniqueEmail();
    const signedUp = await app.api.post('/v1/signup', { tenant, headers, body: { email, password: PASSWORD } });
    expect(signedUp.status).toBe(201);
    app.clock.advance(60_000);
    await app.api.post('/v1/verify-email/resend', { tenant, headers, body: { email } });
    await app.api.post('/v1/forgot-password', { tenant, headers, body: { email } });
    const next = uniqueEmail();
    const token = signedUp.body.session_token as string;
    await app.api.post('/v1/me/change-email', { token, headers, body: { email: next } });
    await app.drain();
    const mails = [...app.mailer.to(email), ...app.mailer.to(next)];
    expect(mails.map(({ purpose }) => purpose).sort()).toEqual([
      'change_email',
      'email_change_notice',
      'reset_password',
      'verify_email',
      'verify_email',
    ]);
    for (const { link, text, html } of mails) {
      expect(new URL(link ?? '').origin).toBe('https://auth.test');
      expect(text + html).not.toContain('evil.example');
      expect(text + html).toContain('https://auth.test/pages/');
    }
  });

  it('R113: from a page of a foreign origin is refused before any mail', async () => {
    const email = uniqueEmail();
    const answer = await app.api.post('/v1/signup', {
      tenant,
      headers: { ...FORGED, origin: 'https://evil.example' },
      body: { email, password: PASSWORD },
    });
    expect([answer.status, answer.body.type]).toEqual([403, 'origin_not_allowed']);
    await app.drain();
    expect(app.mailer.to(email)).toHaveLength(0);
  });
});
