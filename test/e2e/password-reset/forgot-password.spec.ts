import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, PASSWORD, uniqueEmail } from '../../support/api-client.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import { asOwner } from '../../support/as-owner.js';
import { ban } from '../credentials/ban.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { comparable } from '../enumeration/comparable.js';

let app: TestApp;
let tenant: TestTenant;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  tenant = await app.createTenant();
});
afterAll(() => app.close());

const forgot = (email: unknown, options: object = {}): Promise<Answer> =>
  app.api.post('/v1/forgot-password', { tenant, body: { email }, ...options });
const signIn = ({ email }: { email: string }, password: string): Promise<Answer> =>
  app.api.post('/v1/signin', { tenant, body: { email, password } });

describe('asking for a reset link', () => {
  it('R120: known, unknown, banned, unverified, verified, locked and erased addresses are answered alike', async () => {
    const known = await app.api.signUp(tenant);
    const verified = await app.api.signUp(tenant);
    await asOwner(app, 'UPDATE users SET email_verified = true WHERE id = $1', [verified.userId]);
    const banned = await app.api.signUp(tenant);
    await ban(app, tenant, banned);
    const erased = await app.api.signUp(tenant);
    await app.api.delete('/v1/me', { token: erased.token });
    const locked = await app.api.signUp(tenant);
    for (let attempt = 0; attempt < 11; attempt += 1) await signIn(locked, 'a wrong password');
    expect((await signIn(locked, PASSWORD)).status).toBe(429);
    await app.drain();
    const before = app.mailer.sent.length;

    const addresses = [known, verified, banned, locked, erased].map(({ email }) => email);
    const answers: Answer[] = [];
    for (const email of [...addresses, uniqueEmail(), `${'x'.repeat(60)}@example.com`])
      answers.push(await forgot(email));
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(['{"status":"ok"}']));
    expect(new Set(answers.map(comparable)).size).toBe(1);
    await app.drain();
    const mails = app.mailer.sent.slice(before);
    expect(mails.map(({ to }) => to).sort()).toEqual(
      [known, verified, banned, locked].map(({ email }) => email).sort(),
    );
    expect(new Set(mails.map(({ purpose }) => purpose))).toEqual(new Set(['reset_password']));
  });

  it.each([
    ['an array', ['victim@example.com', 'eve@example.com']],
    ['an array of one', ['victim@example.com']],
    ['a list', 'victim@example.com, eve@example.com'],
    ['a line break and a header', 'victim@example.com\nCc: eve@example.com'],
  ])('R124: with %s for an address mails nobody', async (_, email) => {
    const before = app.mailer.sent.length;
    expect((await forgot(email)).status).toBe(400);
    await app.drain();
    expect(app.mailer.sent).toHaveLength(before);
  });

  it('R124: extra recipients in other fields, the query or headers get nothing; mail goes to the address on file', async () => {
    const victim = await app.api.signUp(tenant, { email: `Victim.${uniqueEmail()}` });
    const eve = uniqueEmail();
    await app.drain();
    const before = app.mailer.sent.length;
    const body = {
      email: ` ${victim.email.toUpperCase()} `,
      cc: eve,
      bcc: [eve],
      to: eve,
      emails: [eve],
      new_email: eve,
    };
    const headers = { 'x-email': eve, from: eve, 'reply-to': eve };
    const answer = await forgot(undefined, { body, headers, query: { email: eve, cc: eve } });
    expect(answer.status).toBe(200);
    await app.drain();
    expect(app.mailer.sent.slice(before).map(({ to }) => to)).toEqual([victim.email.toLowerCase()]);
    const payload = `{"email":${JSON.stringify(victim.email)},"email":${JSON.stringify(eve)}}`;
    const twice = await forgot(undefined, {
      body: undefined,
      payload,
      headers: { 'content-type': 'application/json' },
    });
    expect([twice.status, twice.body.type]).toEqual([400, 'malformed_body']);
  });

  it('R112: mails one address at most five times an hour, and nobody is told', async () => {
    const { email } = await app.api.signUp(tenant);
    for (let request = 0; request < 8; request += 1) expect((await forgot(email)).text).toBe('{"status":"ok"}');
    await app.drain();
    expect(app.mailer.to(email, 'reset_password')).toHaveLength(5);
  });
});
