import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectProblem } from '../../support/expect-problem.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { me, refresh, tokensOf } from '../../support/session-checks.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

const env = { ...RAISED_LIMITS, AUTHSOME_SESSION_IDLE_TTL: '1h' };
const WINDOW_MS = 10_000;

let before: TestApp;
let tenant: TestTenant;

beforeAll(async () => {
  before = await TestApp.start({ env });
  tenant = await before.createTenant();
});
afterAll(() => before.close());

/** The service anew on the same database, at the same time plus `ms`. */
async function restarted(ms: number, work: (after: TestApp) => Promise<void>): Promise<void> {
  const after = await TestApp.start({ env, database: before.database });
  try {
    after.clock.advance(before.clock.nowMs() - after.clock.nowMs() + ms);
    await work(after);
  } finally {
    await after.close();
  }
}

describe('a restart of the service', () => {
  it('R043: a live session lives on; a revoked and an expired one stay dead', async () => {
    const expired = await before.api.signUp(tenant);
    before.clock.advance(3_600_000);
    const live = await before.api.signUp(tenant);
    const revoked = await before.api.signUp(tenant);
    await before.api.post('/v1/signout', { token: revoked.token });
    await restarted(0, async (after) => {
      for (const dead of [revoked, expired]) {
        expectProblem(await me(after, dead.token), 401);
        expectProblem(await refresh(after, dead.refreshToken), 401);
      }
      expect((await me(after, live.token)).body.id).toBe(live.userId);
      expect((await refresh(after, live.refreshToken)).status).toBe(200);
    });
  });

  it('R071: a rotated-out refresh token stays refused, and still ends its family', async () => {
    const { refreshToken } = await before.api.signUp(tenant);
    const successor = tokensOf(await refresh(before, refreshToken));
    await restarted(WINDOW_MS, async (after) => {
      expect((await me(after, successor.token)).status).toBe(200);
      expectProblem(await refresh(after, refreshToken), 401);
      expectProblem(await me(after, successor.token), 401);
      expectProblem(await refresh(after, successor.refreshToken), 401);
    });
  });

  it('R071: a clock that was set back does not revive what had run out or was ended', async () => {
    const { token, refreshToken } = await before.api.signUp(tenant);
    const successor = tokensOf(await refresh(before, refreshToken));
    before.clock.advance(WINDOW_MS);
    expectProblem(await refresh(before, refreshToken), 401);
    await restarted(-60_000, async (after) => {
      for (const access of [token, successor.token]) expectProblem(await me(after, access), 401);
      for (const spent of [refreshToken, successor.refreshToken]) expectProblem(await refresh(after, spent), 401);
    });
  });
});
