import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PASSWORD, uniqueEmail } from '../../support/api-client.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { EmailChanges } from './email-changes.js';

const DAY_MS = 86_400_000;

let app: TestApp;
let tenant: TestTenant;
let changes: EmailChanges;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  tenant = await app.createTenant();
  changes = new EmailChanges(app, tenant);
});
afterAll(() => app.close());

describe('calling a change off, from the old mailbox', () => {
  it('R128: before it happened: nothing comes of it, and every session ends', async () => {
    const person = await app.api.signUp(tenant);
    const next = uniqueEmail();
    const { confirmToken, undoToken } = await changes.asked(person, next);
    expect((await changes.undo(undoToken)).body).toEqual({ status: 'email kept' });
    expect((await changes.confirm(confirmToken)).status).toBe(401);
    expect((await changes.me(person.token)).status).toBe(401);
    expect([(await changes.signIn(person.email)).status, (await changes.signIn(next)).status]).toEqual([200, 401]);
  });

  it.each(['undoToken', 'revertToken'] as const)(
    'R128: after it happened, with either mail (%s): the old address is back and every session ends',
    async (which) => {
      const person = await app.api.signUp(tenant);
      const next = uniqueEmail();
      const tokens = await changes.changed(person, person.email, next);
      const intruder = await app.api.signIn(tenant, { email: next, password: PASSWORD });
      expect((await changes.undo(tokens[which])).body).toEqual({ status: 'email kept' });
      expect([(await changes.me(person.token)).status, (await changes.me(intruder.token)).status]).toEqual([401, 401]);
      expect([(await changes.signIn(person.email)).status, (await changes.signIn(next)).status]).toEqual([200, 401]);
      for (const token of Object.values(tokens)) expect((await changes.undo(token)).status).toBe(401);
    },
  );

  it('R128: an intruder cannot bury the way back under a second change, nor under calling that one off', async () => {
    const owner = await app.api.signUp(tenant);
    const first = uniqueEmail();
    const { revertToken } = await changes.changed(owner, owner.email, first);
    const second = uniqueEmail();
    const again = await changes.asked(owner, second);
    expect((await changes.confirm(again.confirmToken)).status).toBe(200);
    await app.drain();
    expect(app.mailer.to(first, 'email_changed')).toHaveLength(1);
    expect((await changes.undo(again.undoToken)).status).toBe(401);
    expect(app.mailer.last(first, 'email_changed').link).toBeUndefined();

    expect((await changes.undo(revertToken)).body).toEqual({ status: 'email kept' });
    expect((await changes.signIn(owner.email)).body.user).toMatchObject({ id: owner.userId });
    expect([(await changes.signIn(first)).status, (await changes.signIn(second)).status]).toEqual([401, 401]);
  });

  it('R128: an intruder cannot bury it under a change that is only asked for and called off', async () => {
    const owner = await app.api.signUp(tenant);
    const first = uniqueEmail();
    const { revertToken } = await changes.changed(owner, owner.email, first);
    const again = await changes.asked(owner, uniqueEmail());
    expect((await changes.undo(again.undoToken)).status).toBe(200);
    expect((await changes.undo(revertToken)).status).toBe(200);
    expect((await changes.signIn(owner.email)).body.user).toMatchObject({ id: owner.userId });
  });

  it('R128: changes further apart than the way back lives each have their own', async () => {
    const person = await app.api.signUp(tenant);
    const [first, second] = [uniqueEmail(), uniqueEmail()];
    const { revertToken: expired } = await changes.changed(person, person.email, first);
    app.clock.advance(7 * DAY_MS);
    const back = await app.api.signIn(tenant, { email: first, password: PASSWORD });
    const { revertToken } = await changes.changed({ ...person, token: back.token }, first, second);
    expect((await changes.undo(expired)).status).toBe(401);
    expect((await changes.undo(revertToken)).status).toBe(200);
    expect((await changes.signIn(first)).status).toBe(200);
  });

  it('R128: the way back works for 7 days, to the millisecond', async () => {
    const inTime = await app.api.signUp(tenant);
    const { revertToken } = await changes.changed(inTime, inTime.email, uniqueEmail());
    app.clock.advance(7 * DAY_MS - 1);
    expect((await changes.undo(revertToken)).status).toBe(200);
    const late = await app.api.signUp(tenant);
    const tokens = await changes.changed(late, late.email, uniqueEmail());
    app.clock.advance(7 * DAY_MS);
    for (const token of Object.values(tokens)) expect((await changes.undo(token)).status).toBe(401);
  });

  it('is refused with 409 when somebody else has the old address by now, and can be tried again', async () => {
    const person = await app.api.signUp(tenant);
    const next = uniqueEmail();
    const { revertToken } = await changes.changed(person, person.email, next);
    const other = await app.api.signUp(tenant, { email: person.email });
    const refused = await changes.undo(revertToken);
    expect([refused.status, refused.body.type]).toEqual([409, 'email_taken']);
    expect((await changes.signIn(next)).status).toBe(200);
    await app.api.delete('/v1/me', { token: other.token });
    expect((await changes.undo(revertToken)).status).toBe(200);
    expect((await changes.signIn(person.email)).body.user).toMatchObject({ id: person.userId });
  });

  it('R131: makes a reset link worthless that was mailed to the address it takes away', async () => {
    const person = await app.api.signUp(tenant);
    const next = uniqueEmail();
    const { revertToken } = await changes.changed(person, person.email, next);
    await app.api.post('/v1/forgot-password', { tenant, body: { email: next } });
    const token = await changes.mailedTo(next, 'reset_password');
    expect((await changes.undo(revertToken)).status).toBe(200);
    const body = { token, new_password: 'of the intruder again' };
    expect((await app.api.post('/v1/reset-password', { body })).status).toBe(401);
  });
});
