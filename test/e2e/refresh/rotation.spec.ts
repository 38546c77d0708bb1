import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SignedIn } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { OwnerView } from '../../support/owner-view.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { isDead, me, refresh, tokensOf, works } from '../../support/session-checks.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

const WINDOW_MS = 10_000;
const REPLAYED = 'auth.refresh_token_replayed';

let app: TestApp;
let tenant: TestTenant;
let view: OwnerView;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  tenant = await app.createTenant();
  view = await OwnerView.open(app.database);
});
afterAll(async () => {
  await view.close();
  await app.close();
});

async function rotated({ refreshToken }: Pick<SignedIn, 'refreshToken'>) {
  const answer = await refresh(app, refreshToken);
  expect(answer.status).toBe(200);
  return tokensOf(answer);
}

async function alertsOf(userId: string): Promise<number> {
  const [row] = await view.query<{ alerts: string }>(
    'SELECT count(*) AS alerts FROM outbox WHERE name = $1 AND subject_id = $2',
    [REPLAYED, userId],
  );
  return Number(row?.alerts);
}

async function familyOf(token: string): Promise<string> {
  const { body } = await app.api.get('/v1/sessions', { token });
  return String((body.sessions as [{ family_id: string }])[0].family_id);
}

describe('a refresh', () => {
  it('R061: gives both tokens anew, in one family, twenty times over; each one ends the access token before it', async () => {
    const first = await app.api.signUp(tenant);
    const family = await familyOf(first.token);
    const seen = new Set([first.token, first.refreshToken]);
    let current: Pick<SignedIn, 'token' | 'refreshToken'> = first;
    for (let generation = 1; generation <= 20; generation += 1) {
      const next = await rotated(current);
      expectProblem(await me(app, current.token), 401);
      expect((await me(app, next.token)).status).toBe(200);
      expect(await familyOf(next.token)).toBe(family);
      seen.add(next.token).add(next.refreshToken);
      current = next;
    }
    expect(seen.size).toBe(42);
  });

  it('R064: repeated inside the window after a lost answer gives the same successor, which goes on to rotate', async () => {
    const first = await app.api.signUp(tenant);
    const lost = await rotated(first);
    app.clock.advance(WINDOW_MS - 1);
    const again = await rotated(first);
    expect(again).toEqual(lost);
    const next = await rotated(again);
    expect((await me(app, next.token)).status).toBe(200);
    expect(await alertsOf(first.userId)).toBe(0);
  });

  it('R065: repeats never make a second live token: at each moment one access token of the family opens', async () => {
    const first = await app.api.signUp(tenant);
    const issued = [first.token];
    let current: Pick<SignedIn, 'token' | 'refreshToken'> = first;
    for (let round = 1; round <= 5; round += 1) {
      const answers = await Promise.all(Array.from({ length: 4 }, () => refresh(app, current.refreshToken)));
      const successors = answers.map(tokensOf);
      expect(new Set(successors.map(({ refreshToken }) => refreshToken)).size).toBe(1);
      issued.push(...successors.map(({ token }) => token));
      current = successors[0] as (typeof successors)[0];
      const open: string[] = [];
      for (const token of new Set(issued)) if ((await me(app, token)).status === 200) open.push(token);
      expect(open).toEqual([current.token]);
    }
  });

  it('R062: of a token rotated out longer ago than the window is refused and ends its family, newest included', async () => {
    const first = await app.api.signUp(tenant);
    const second = await rotated(first);
    app.clock.advance(WINDOW_MS);
    expectProblem(await refresh(app, first.refreshToken), 401, 'invalid_credentials');
    expect(await isDead(app, second)).toBe(true);
    expect(await alertsOf(first.userId)).toBe(1);
  });

  it('R062: of a token two generations old is a replay however young it is', async () => {
    const first = await app.api.signUp(tenant);
    const third = await rotated(await rotated(first));
    expectProblem(await refresh(app, first.refreshToken), 401);
    expect(await isDead(app, third)).toBe(true);
  });

  it('R066: a dead token presented fifty times raises one alert, in the events and in the audit trail', async () => {
    const first = await app.api.signUp(tenant);
    await rotated(first);
    app.clock.advance(WINDOW_MS);
    const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(app, first.refreshToken)));
    for (const answer of answers) expectProblem(answer, 401, 'invalid_credentials');
    app.clock.advance(WINDOW_MS);
    expectProblem(await refresh(app, first.refreshToken), 401);
    expect(await alertsOf(first.userId)).toBe(1);
    const [event] = await view.query<{ payload: { session_id: string } }>(
      'SELECT payload FROM outbox WHERE name = $1 AND subject_id = $2',
      [REPLAYED, first.userId],
    );
    const audited = await view.query<{ outcome: string }>(
      `SELECT outcome FROM audit_entries WHERE action = 'session.refresh_token_replayed' AND target_id = $1`,
      [event?.payload.session_id],
    );
    expect(audited).toEqual([{ outcome: 'failure' }]);
  });

  it('R066: a spent token that comes back after its session was ended is still told of, once', async () => {
    const first = await app.api.signUp(tenant);
    const second = await rotated(first);
    await app.api.post('/v1/signout', { token: second.token });
    app.clock.advance(WINDOW_MS);
    for (let attempt = 1; attempt <= 3; attempt += 1) expectProblem(await refresh(app, first.refreshToken), 401);
    expect(await alertsOf(first.userId)).toBe(1);
  });

  it('R067: a replay in one session leaves the person’s other sessions alone', async () => {
    const a = await app.api.signUp(tenant);
    const b = await app.api.signIn(tenant, a);
    await rotated(a);
    app.clock.advance(WINDOW_MS);
    expectProblem(await refresh(app, a.refreshToken), 401);
    expect(await works(app, b)).toBe(true);
  });

  it('R073: the current token, presented for the first time after any length of idleness, is no replay', async () => {
    const first = await app.api.signUp(tenant);
    const second = await rotated(first);
    app.clock.advance(29 * 86_400_000);
    const third = await rotated(second);
    expect((await me(app, third.token)).status).toBe(200);
    expect(await alertsOf(first.userId)).toBe(0);
  });
});

describe('a refresh token in the wrong hands or form', () => {
  it('R069: of one app is refused at another, is not spent there, and its own app still takes it', async () => {
    const other = await app.createTenant();
    const mine = await app.api.signUp(tenant);
    const elsewhere = [
      { tenant: other },
      { body: { refresh_token: mine.refreshToken, app_id: other.scope.appId } },
      { tenant: await app.environmentOf(tenant.scope.appId, 'production') },
    ];
    for (const options of elsewhere) {
      expectProblem(await refresh(app, mine.refreshToken, options), 401, 'invalid_credentials');
    }
    expect((await me(app, mine.token)).status).toBe(200);
    expect((await refresh(app, mine.refreshToken, { tenant })).status).toBe(200);
    expect(await alertsOf(mine.userId)).toBe(0);
  });

  it('R069: a spent token shown to another app does not end the family of its own', async () => {
    const other = await app.createTenant();
    const first = await app.api.signUp(tenant);
    const second = await rotated(first);
    app.clock.advance(WINDOW_MS);
    expectProblem(await refresh(app, first.refreshToken, { tenant: other }), 401);
    expect(await works(app, second)).toBe(true);
  });

  it('R074: by GET, in the URL, or by a form is no refresh: nothing is rotated', async () => {
    const { token, refreshToken } = await app.api.signUp(tenant);
    const query = { refresh_token: refreshToken };
    expectProblem(await app.api.get('/v1/refresh', { query }), [404, 405]);
    expectProblem(await app.api.post('/v1/refresh', { query, body: {} }), 400, 'refresh_token_required');
    const form = await app.api.post('/v1/refresh', {
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://evil.example' },
      payload: new URLSearchParams(query).toString(),
    });
    expectProblem(form, [403, 415]);
    const text = await app.api.post('/v1/refresh', {
      headers: { 'content-type': 'text/plain' },
      payload: JSON.stringify(query),
    });
    expectProblem(text, 415);
    expect((await me(app, token)).status).toBe(200);
    expect((await refresh(app, refreshToken)).status).toBe(200);
  });

  it('R062: an altered, invented or foreign text is refused and harms no session', async () => {
    const { token, refreshToken } = await app.api.signUp(tenant);
    const locator = refreshToken.slice(0, 32);
    const generation = refreshToken.slice(32, 40);
    const mac = refreshToken.slice(40);
    const wrong = [
      `${locator}00000001${mac}`,
      `${locator}ffffffff${mac}`,
      `${'0'.repeat(32)}${generation}${mac}`,
      `${locator}${generation}${mac.slice(0, -1)}${mac.endsWith('0') ? '1' : '0'}`,
      refreshToken.toUpperCase(),
      `${refreshToken}0`,
      ` ${refreshToken}`,
      token,
      'x',
      'é'.repeat(104),
    ];
    for (const text of wrong) expectProblem(await refresh(app, text), 401, 'invalid_credentials');
    for (const body of [{ refresh_token: [refreshToken] }, { refresh_token: { $ne: '' } }, { refresh_token: 7 }]) {
      expectProblem(await app.api.post('/v1/refresh', { body }), 400, 'validation_failed');
    }
    expectProblem(await refresh(app, 'f'.repeat(513)), 400);
    expect(await works(app, { token, refreshToken })).toBe(true);
  });

  it('R051: a refresh token is no access token, and an access token no refresh token', async () => {
    const { token, refreshToken } = await app.api.signUp(tenant);
    expectProblem(await me(app, refreshToken), 401);
    expect((await app.api.post('/v1/introspect', { body: { token: refreshToken } })).body).toEqual({ active: false });
    expectProblem(await refresh(app, token), 401);
  });
});

describe('the strict mode, a window of 0 s', () => {
  let strict: TestApp;
  let strictTenant: TestTenant;

  beforeAll(async () => {
    strict = await TestApp.start({ env: { ...RAISED_LIMITS, AUTHSOME_REFRESH_REUSE_WINDOW: '0s' } });
    strictTenant = await strict.createTenant();
  });
  afterAll(() => strict.close());

  it('R062: any repeat is a replay and ends the family', async () => {
    const first = await strict.api.signUp(strictTenant);
    const second = tokensOf(await refresh(strict, first.refreshToken));
    expectProblem(await refresh(strict, first.refreshToken), 401);
    expect(await isDead(strict, second)).toBe(true);
  });

  it('R063: of parallel refreshes one gets a successor', async () => {
    const { refreshToken } = await strict.api.signUp(strictTenant);
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(strict, refreshToken)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const answer of answers) if (answer.status !== 200) expectProblem(answer, 401);
  });
});
