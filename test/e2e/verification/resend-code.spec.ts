import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, uniqueEmail } from '../../support/api-client.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { wrongCode } from './wrong-code.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

describe('asking for the code again', () => {
  let app: TestApp;
  let tenant: TestTenant;

  beforeAll(async () => {
    app = await TestApp.start({ env: RAISED_LIMITS });
    tenant = await app.createTenant();
  });
  afterAll(() => app.close());

  const resend = (email: string): Promise<Answer> =>
    app.api.post('/v1/verify-email/resend', {
      tenant,
      body: { email },
      headers: { 'x-request-id': 'the-same-for-all' },
    });
  const codes = async (email: string): Promise<string[]> => {
    await app.drain();
    return app.mailer.to(email, 'verify_email').map(({ code }) => code ?? '');
  };
  const guess = (email: string, code: string): Promise<Answer> =>
    app.api.post('/v1/verify-email', { tenant, body: { email, code } });

  it('R112: known, verified and unknown addresses get one answer; only the unverified account gets mail', async () => {
    const unverified = await app.api.signUp(tenant);
    const verified = await app.api.signUp(tenant);
    const unknown = uniqueEmail();
    const [code = ''] = await codes(verified.email);
    expect((await guess(verified.email, code)).status).toBe(200);
    app.clock.advance(MINUTE_MS);
    const before = app.mailer.sent.length;
    const answers = [await resend(unverified.email), await resend(verified.email), await resend(unknown)];
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`))).toEqual(new Set(['200 {"status":"ok"}']));
    await app.drain();
    expect(app.mailer.sent.slice(before).map(({ to, purpose }) => [to, purpose])).toEqual([
      [unverified.email, 'verify_email'],
    ]);
  });

  it('mails a new code, which replaces the old one; not within a minute of the last', async () => {
    const { email } = await app.api.signUp(tenant);
    await resend(email);
    expect(await codes(email)).toHaveLength(1);
    app.clock.advance(MINUTE_MS);
    await resend(email);
    const [first = '', second = ''] = await codes(email);
    if (first !== second) expect((await guess(email, first)).status).toBe(401);
    expect((await guess(email, second)).status).toBe(200);
  });

  it('R110: a new code brings no new guesses past the limit of the account, which a session shares', async () => {
    const person = await app.api.signUp(tenant);
    const { email } = person;
    const [first = ''] = await codes(email);
    for (let step = 1; step <= 5; step += 1) expect((await guess(email, wrongCode(first, step))).status).toBe(401);
    app.clock.advance(MINUTE_MS);
    await resend(email);
    const second = (await codes(email)).at(-1) ?? '';
    const within = (code: string) => app.api.post('/v1/verify-email', { token: person.token, body: { code } });
    for (let step = 1; step <= 5; step += 1) expect((await within(wrongCode(second, step))).status).toBe(401);
    app.clock.advance(MINUTE_MS);
    await resend(email);
    const third = (await codes(email)).at(-1) ?? '';
    expect((await guess(email, third)).status).toBe(429);
    expect((await within(third)).status).toBe(429);
    app.clock.advance(13 * MINUTE_MS);
    await resend(email);
    expect((await guess(email, (await codes(email)).at(-1) ?? '')).status).toBe(200);
  });

  it('R153: guesses for an address without an account are limited like those for one with it', async () => {
    const { email: known } = await app.api.signUp(tenant);
    await app.drain();
    const unknown = uniqueEmail();
    for (const email of [known, unknown]) {
      const statuses: number[] = [];
      for (let guessed = 0; guessed < 11; guessed += 1) statuses.push((await guess(email, '000000')).status);
      expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429]);
    }
  });

  it('R112: one address gets at most five mails an hour, and nobody is told', async () => {
    const { email } = await app.api.signUp(tenant);
    for (let request = 0; request < 10; request += 1) {
      app.clock.advance(MINUTE_MS);
      expect((await resend(email)).text).toBe('{"status":"ok"}');
      await app.drain();
    }
    expect(await codes(email)).toHaveLength(1 + 5);
    app.clock.advance(HOUR_MS);
    await resend(email);
    expect(await codes(email)).toHaveLength(1 + 6);
  });
});
