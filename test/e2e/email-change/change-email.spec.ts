import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PASSWORD, uniqueEmail } from '../../support/api-client.js';
import { tokenOf } from '../../support/recording-mailer.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import { asOwner } from '../../support/as-owner.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { comparable } from '../enumeration/comparable.js';
import { EmailChanges } from './email-changes.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

let app: TestApp;
let tenant: TestTenant;
let changes: EmailChanges;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  tenant = await app.createTenant();
  changes = new EmailChanges(app, tenant);
});
afterAll(() => app.close());

describe('a change of address', () => {
  it('R128: happens only when the new mailbox confirms it; until then the old one signs in and the new one does not', async () => {
    const person = await app.api.signUp(tenant);
    const next = uniqueEmail();
    const { confirmToken } = await changes.asked(person, next);
    expect((await changes.me(person.token)).body.email).toBe(person.email);
    expect([(await changes.signIn(person.email)).status, (await changes.signIn(next)).status]).toEqual([200, 401]);

    expect((await changes.confirm(confirmToken)).status).toBe(200);
    expect((await changes.me(person.token)).body.email).toBe(next);
    expect([(await changes.signIn(person.email)).status, (await changes.signIn(next)).status]).toEqual([401, 200]);
  });

  it('R128: is told to the old mailbox when it is asked for and when it has happened, and the new address is not in those mails', async () => {
    const person = await app.api.signUp(tenant);
    await app.drain();
    const next = uniqueEmail();
    await changes.changed(person, person.email, next);
    const purposes = app.mailer.to(person.email).map(({ purpose }) => purpose);
    expect(purposes).toEqual(['verify_email', 'email_change_notice', 'email_changed']);
    expect(app.mailer.to(next).map(({ purpose }) => purpose)).toEqual(['change_email']);
    for (const { subject, text, html } of app.mailer.to(person.email))
      expect(subject + text + html).not.toContain(next);
    for (const { subject, text, html } of app.mailer.to(next))
      expect(subject + text + html).not.toContain(person.email);
  });

  it('R042: needs a recent proof of identity', async () => {
    const person = await app.api.signUp(tenant);
    app.clock.advance(10 * MINUTE_MS + 1);
    const next = uniqueEmail();
    const answer = await changes.ask(person, next);
    expect([answer.status, answer.body.type]).toEqual([403, 'reauth_required']);
    await app.drain();
    expect(app.mailer.to(next)).toHaveLength(0);
  });

  it('R132: the new address counts as verified because it was confirmed, not because the old one was', async () => {
    for (const verifyFirst of [true, false]) {
      const person = await app.api.signUp(tenant);
      await app.drain();
      const { code } = app.mailer.last(person.email, 'verify_email');
      const body = { code };
      if (verifyFirst) await app.api.post('/v1/verify-email', { token: person.token, body });
      const { confirmToken } = await changes.asked(person, uniqueEmail());
      expect((await changes.me(person.token)).body.email_verified).toBe(verifyFirst);
      await changes.confirm(confirmToken);
      expect((await changes.me(person.token)).body.email_verified).toBe(true);
    }
  });

  it('R119: secrets that were mailed to the old address verify nothing afterwards', async () => {
    const person = await app.api.signUp(tenant);
    await app.drain();
    const mail = app.mailer.last(person.email, 'verify_email');
    const next = uniqueEmail();
    await changes.changed(person, person.email, next);
    await asOwner(app, 'UPDATE users SET email_verified = false WHERE id = $1', [person.userId]);
    const attempts = [
      { token: tokenOf(mail) },
      { email: person.email, code: mail.code },
      { email: next, code: mail.code },
    ];
    for (const body of attempts) expect((await app.api.post('/v1/verify-email', { tenant, body })).status).toBe(401);
    const [row] = await asOwner(app, 'SELECT email_verified FROM users WHERE id = $1', [person.userId]);
    expect(row).toEqual({ email_verified: false });
  });

  it('R129: an address that belongs to somebody else is answered like a free one; it gets no mail, and its owner keeps it', async () => {
    const owner = await app.api.signUp(tenant);
    const person = await app.api.signUp(tenant);
    await app.drain();
    const before = app.mailer.to(owner.email).length;
    const answers = [
      await changes.ask(person, owner.email),
      await changes.ask(person, uniqueEmail()),
      await changes.ask(person, person.email),
    ];
    expect(new Set(answers.map(comparable)).size).toBe(1);
    await app.drain();
    expect(app.mailer.to(owner.email)).toHaveLength(before);
    expect((await changes.signIn(owner.email)).body.user).toMatchObject({ id: owner.userId });
  });

  it('R130: two people who confirm the same address at the same moment: one owns it, the other gets 409', async () => {
    const people = [await app.api.signUp(tenant), await app.api.signUp(tenant)];
    const next = uniqueEmail();
    const tokens: string[] = [];
    for (const person of people) tokens.push((await changes.asked(person, next)).confirmToken);
    const answers = await Promise.all(tokens.map((token) => changes.confirm(token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(answers.find(({ status }) => status === 409)?.body.type).toBe('email_taken');
    const owners = await asOwner<{ id: string }>(app, 'SELECT id FROM users WHERE email = $1', [next]);
    const winner = people[answers.findIndex(({ status }) => status === 200)];
    expect(owners).toEqual([{ id: winner?.userId }]);
    const loser = people[answers.findIndex(({ status }) => status === 409)];
    expect((await changes.signIn(loser?.email ?? '')).status).toBe(200);
  });

  it('R130: an address that signs up while the change waits stays with whoever signed up', async () => {
    const person = await app.api.signUp(tenant);
    const next = uniqueEmail();
    const { confirmToken } = await changes.asked(person, next);
    const other = await app.api.signUp(tenant, { email: next });
    expect((await changes.confirm(confirmToken)).status).toBe(409);
    expect((await changes.signIn(next)).body.user).toMatchObject({ id: other.userId });
    expect((await changes.me(person.token)).body.email).toBe(person.email);
  });

  it('R131: one that an intruder has started dies when the owner resets the password', async () => {
    const intruder = await app.api.signUp(tenant);
    const { confirmToken } = await changes.asked(intruder, uniqueEmail());
    await app.api.post('/v1/forgot-password', { tenant, body: { email: intruder.email } });
    const token = await changes.mailedTo(intruder.email, 'reset_password');
    const body = { token, new_password: 'of the owner, at last' };
    expect((await app.api.post('/v1/reset-password', { body })).status).toBe(200);
    expect((await changes.confirm(confirmToken)).status).toBe(401);
    expect((await changes.signIn(intruder.email, 'of the owner, at last')).status).toBe(200);
  });

  it('R131: one that an intruder has started dies when the owner changes the password', async () => {
    const owner = await app.api.signUp(tenant);
    const intruder = await app.api.signIn(tenant, owner);
    const { confirmToken } = await changes.asked({ ...owner, token: intruder.token }, uniqueEmail());
    const body = { current_password: PASSWORD, new_password: 'of the owner, at last' };
    expect((await app.api.post('/v1/change-password', { token: owner.token, body })).status).toBe(200);
    expect((await changes.confirm(confirmToken)).status).toBe(401);
  });

  it('a newer request replaces the older one', async () => {
    const person = await app.api.signUp(tenant);
    const older = await changes.asked(person, uniqueEmail());
    const next = uniqueEmail();
    const newer = await changes.asked(person, next);
    expect((await changes.confirm(older.confirmToken)).status).toBe(401);
    expect((await changes.confirm(newer.confirmToken)).status).toBe(200);
    expect((await changes.me(person.token)).body.email).toBe(next);
  });

  it('runs out after a day, and is then answered like an unknown one', async () => {
    const person = await app.api.signUp(tenant);
    const { confirmToken } = await changes.asked(person, uniqueEmail());
    app.clock.advance(DAY_MS);
    const headers = { 'x-request-id': 'the-same-for-both' };
    const late = await changes.confirm(confirmToken, { headers });
    expect([late.status, late.text]).toEqual([401, (await changes.confirm('0'.repeat(64), { headers })).text]);
  });

  it('mails no address, new or old, more than five times an hour', async () => {
    const target = uniqueEmail();
    const people = await Promise.all(Array.from({ length: 6 }, () => app.api.signUp(tenant)));
    const toOne: number[] = [];
    for (const person of people) toOne.push((await changes.ask(person, target)).status);
    expect(toOne).toEqual([200, 200, 200, 200, 200, 429]);
    const restless = await app.api.signUp(tenant);
    const toMany: number[] = [];
    for (let request = 0; request < 6; request += 1) toMany.push((await changes.ask(restless, uniqueEmail())).status);
    expect(toMany).toEqual([200, 200, 200, 200, 200, 429]);
    await app.drain();
    expect(app.mailer.to(target)).toHaveLength(5);
    expect(app.mailer.to(restless.email, 'email_change_notice')).toHaveLength(5);
    app.clock.advance(60 * MINUTE_MS);
    const again = await app.api.signIn(tenant, restless);
    expect((await changes.ask(again, target)).status).toBe(200);
  });
});
