import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, PASSWORD, type SignedIn } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { PostgresProxy } from '../support/postgres-proxy.js';
import type { Replica } from '../support/replica.js';
import { Replicas, WITH_OWNER } from '../support/replicas.js';
import { tokensOf } from '../support/session-checks.js';

/** How long a revocation may take to every replica, and with the listening connection cut (C3, R022). */
const SEEN_WITHIN_MS = 1_000;
const SEEN_WITHOUT_LISTENER_MS = 1_500;
const LISTENER = 'authsome listener';
/** The query of a check that memory could not answer. */
const LOOK_UP = 'sessions.by_access_hash';
const NEW_PASSWORD = 'another long passphrase';

let replicas: Replicas;
let proxy: PostgresProxy;
let owner: string;

beforeAll(async () => {
  // In the strict mode a refresh token works once, so no race hides behind a repeat.
  replicas = await Replicas.start({ ...WITH_OWNER, AUTHSOME_REFRESH_REUSE_WINDOW: '0s' }, async ({ runtimeUrl }) => {
    proxy = await PostgresProxy.open(runtimeUrl, [LOOK_UP]);
    return { AUTHSOME_DATABASE_URL: proxy.url };
  });
  owner = await replicas.platformOwner();
});
afterEach(() => expect(replicas.errors).toEqual([]));
afterAll(async () => {
  await replicas.stop();
  await proxy.close();
});

const refresh = (replica: Replica, refreshToken: string): Promise<Answer> =>
  replica.post('/v1/refresh', { body: { refresh_token: refreshToken } });

async function statusOfMe(replica: Replica, token: string): Promise<number> {
  return (await replicas.me(replica, token)).status;
}

/** Makes both replicas know a session by heart. */
async function warm(...tokens: string[]): Promise<void> {
  for (const token of tokens) {
    for (const replica of [replicas.first, replicas.second]) {
      for (let look = 1; look <= 2; look += 1) expect(await statusOfMe(replica, token)).toBe(200);
    }
  }
}

async function expectRefusedForGood(replica: Replica, token: string, withinMs = SEEN_WITHIN_MS): Promise<void> {
  await eventually('the refusal', async () => (await statusOfMe(replica, token)) === 401, withinMs);
  for (let look = 1; look <= 20; look += 1) expect(await statusOfMe(replica, token)).toBe(401);
}

const changePassword = (replica: Replica, token: string): Promise<Answer> =>
  replica.post('/v1/change-password', { token, body: { current_password: PASSWORD, new_password: NEW_PASSWORD } });

const ban = (replica: Replica, userId: string): Promise<Answer> =>
  replica.post(`/v1/admin/users/${userId}/ban`, {
    token: owner,
    query: { app_id: replicas.tenant.scope.appId },
    body: {},
  });

describe('what one replica ends', () => {
  /** Each ends the first session by a call to the first replica. */
  const ends: Readonly<Record<string, (gone: SignedIn, other: SignedIn) => Promise<Answer>>> = {
    'R027: sign-out': ({ token }) => replicas.first.post('/v1/signout', { token }),
    'R027: revocation from another session': async ({ token }, other) => {
      const { body } = await replicas.first.get('/v1/sessions', { token });
      const { id } = (body.sessions as { id: string; current: boolean }[]).find(({ current }) => current) ?? {};
      return replicas.first.delete(`/v1/sessions/${id}`, { token: other.token });
    },
    'R032: ending all others': (_, other) => replicas.first.delete('/v1/sessions', { token: other.token }),
    'R033: an operator’s bulk revocation': ({ userId }) =>
      replicas.first.delete('/v1/admin/bulk/sessions', {
        token: owner,
        query: { user_id: userId, app_id: replicas.tenant.scope.appId },
      }),
    'R022: a ban': ({ userId }) => ban(replicas.first, userId),
    'R022: the erasure of the account': (_, other) => replicas.first.delete('/v1/me', { token: other.token }),
    'R015: a password change': (_, other) => changePassword(replicas.first, other.token),
    'R061: a refresh': ({ refreshToken }) => refresh(replicas.first, refreshToken),
    'the removal of its device': async ({ token }) => {
      const { body } = await replicas.first.get('/v1/devices', { token });
      return replicas.first.delete(`/v1/devices/${(body.devices as [{ id: string }])[0].id}`, { token });
    },
  };

  it.each(Object.keys(ends))(
    '%s is seen on the other within a second, though it knew the session by heart',
    async (way) => {
      const gone = await replicas.signUp();
      const other = await replicas.signIn(gone);
      await warm(gone.token);
      expect((await ends[way]?.(gone, other))?.status).toBe(200);
      expect(await statusOfMe(replicas.first, gone.token)).toBe(401);
      await expectRefusedForGood(replicas.second, gone.token);
      expect((await refresh(replicas.second, gone.refreshToken)).status).toBe(401);
    },
  );

  it('R027: a token that a refresh replaced stays dead though its successor was used elsewhere before the news came', async () => {
    for (let trial = 1; trial <= 30; trial += 1) {
      const first = await replicas.signUp();
      await warm(first.token);
      const next = tokensOf(await refresh(replicas.first, first.refreshToken));
      // At once, on the replica that only hears of the refresh.
      expect(await statusOfMe(replicas.second, next.token)).toBe(200);
      await eventually(
        'the refusal',
        async () => (await statusOfMe(replicas.second, first.token)) === 401,
        SEEN_WITHIN_MS,
      );
      await replicas.first.post('/v1/signout', { token: next.token });
      for (const token of [first.token, next.token]) {
        await eventually('the refusal', async () => (await statusOfMe(replicas.second, token)) === 401, SEEN_WITHIN_MS);
      }
    }
  });
});

describe('R068: a refresh and an end at the same moment leave no token that works', () => {
  const TRIALS = 50;
  const AT_ONCE = 5;

  async function fiftyTimes(work: (index: number) => Promise<void>): Promise<void> {
    for (let from = 0; from < TRIALS; from += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, (_, offset) => work(from + offset)));
    }
  }

  /** @param end ends the session that is being refreshed. */
  async function trial(index: number, gone: SignedIn, end: (replica: Replica) => Promise<Answer>): Promise<void> {
    await warm(gone.token);
    const [refreshed, ended] = await Promise.all([
      refresh(replicas.at(index), gone.refreshToken),
      end(replicas.at(index + (index % 3))),
    ]);
    expect([200, 401]).toContain(refreshed.status);
    expect(ended.status).toBe(200);
    await expectNoneWorks([...(refreshed.status === 200 ? [tokensOf(refreshed)] : []), gone]);
  }

  /** @param newestFirst to show an older refresh token first would end what is to be looked at. */
  async function expectNoneWorks(newestFirst: readonly Pick<SignedIn, 'token' | 'refreshToken'>[]): Promise<void> {
    for (const replica of [replicas.first, replicas.second]) {
      for (const { token } of newestFirst) {
        await eventually('the refusal', async () => (await statusOfMe(replica, token)) === 401, SEEN_WITHIN_MS);
      }
    }
    for (const { refreshToken } of newestFirst) expect((await refresh(replicas.second, refreshToken)).status).toBe(401);
  }

  it('sign-out, fifty times', async () => {
    await fiftyTimes(async (index) => {
      const gone = await replicas.signUp();
      const other = await replicas.signIn(gone);
      const { body } = await replicas.first.get('/v1/sessions', { token: gone.token });
      const { id } = (body.sessions as { id: string; current: boolean }[]).find(({ current }) => current) ?? {};
      // By its id: the access token that would sign it out may be the one that the refresh has just replaced.
      await trial(index, gone, (replica) => replica.delete(`/v1/sessions/${id}`, { token: other.token }));
    });
  });

  it('ban, fifty times', async () => {
    await fiftyTimes(async (index) => {
      const gone = await replicas.signUp();
      await trial(index, gone, (replica) => ban(replica, gone.userId));
    });
  });

  it('password change in another session, fifty times', async () => {
    await fiftyTimes(async (index) => {
      const gone = await replicas.signUp();
      const acting = await replicas.signIn(gone);
      await trial(index, gone, (replica) => changePassword(replica, acting.token));
    });
  });

  it('password change in the same session: what the refresh gave does not outlive it', async () => {
    await fiftyTimes(async (index) => {
      const own = await replicas.signUp();
      const [refreshed, changed] = await Promise.all([
        refresh(replicas.at(index), own.refreshToken),
        changePassword(replicas.at(index + 1), own.token),
      ]);
      // The refresh may have taken the access token from under the change, which then was not made.
      if (changed.status === 401) return;
      expect(changed.status).toBe(200);
      await expectNoneWorks([...(refreshed.status === 200 ? [tokensOf(refreshed)] : []), own]);
    });
  });
});

describe('R063: the strict mode', () => {
  it('of a hundred parallel refreshes one gets a successor, nobody gets an error, and there is one alert at most', async () => {
    for (let trial = 1; trial <= 5; trial += 1) {
      const { userId, refreshToken } = await replicas.signUp();
      const answers = await replicas.race(100, (replica) => refresh(replica, refreshToken));
      const statuses = answers.map(({ status }) => status).sort((a, b) => a - b);
      expect(statuses).toEqual([200, ...Array.from({ length: 99 }, () => 401)]);
      const [session] = await replicas.view.query<{ refreshes: number; replayed: boolean; ended: boolean }>(
        `SELECT refresh_generation AS refreshes, replayed_at IS NOT NULL AS replayed, ended_at IS NOT NULL AS ended
         FROM sessions WHERE user_id = $1`,
        [userId],
      );
      expect(session).toMatchObject({ refreshes: 1, ended: session?.replayed });
      const alerts = `SELECT count(*) FROM outbox WHERE name = 'auth.refresh_token_replayed' AND subject_id = $1`;
      expect(await replicas.count(alerts, [userId])).toBe(session?.replayed ? 1 : 0);
    }
  });
});

describe('a replica that cannot make itself heard', () => {
  it('R022, R027: that loses the connection with the news of an end still tells the others, or does not say that it is done', async () => {
    for (let trial = 1; trial <= 3; trial += 1) {
      const gone = await replicas.signUp();
      const { body } = await replicas.first.get('/v1/sessions', { token: gone.token });
      const { id } = (body.sessions as [{ id: string }])[0];
      await warm(gone.token);
      proxy.breakAt(`session:${id}`);
      await eventually('the end', async () => {
        const ended = await replicas.second.post('/v1/signout', { token: gone.token });
        // An answer of 401 tells that it has ended already.
        return ended.status === 200 || ended.status === 401;
      });
      expect(proxy.hasBroken).toBe(true);
      await expectRefusedForGood(replicas.first, gone.token);
    }
  });
});

describe('a replica that does not hear the others', () => {
  /** Whether the second replica answers for a session without asking the database. */
  async function knowsByHeart(token: string): Promise<boolean> {
    await statusOfMe(replicas.second, token);
    const before = proxy.runsOf(LOOK_UP);
    for (let look = 1; look <= 5; look += 1) expect(await statusOfMe(replicas.second, token)).toBe(200);
    return proxy.runsOf(LOOK_UP) === before;
  }

  it('C3: a checked session is checked again without a query, as long as changes are heard', async () => {
    const { token } = await replicas.signUp();
    expect(await knowsByHeart(token)).toBe(true);
  });

  it('C3: whose listening connection PostgreSQL ends still sees every revocation, and then remembers again', async () => {
    const { token: live } = await replicas.signUp();
    for (let trial = 1; trial <= 5; trial += 1) {
      const gone = await replicas.signUp();
      await warm(gone.token);
      const ended = await replicas.view.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()',
        [LISTENER],
      );
      expect(ended).toHaveLength(2);
      await replicas.first.post('/v1/signout', { token: gone.token });
      await expectRefusedForGood(replicas.second, gone.token, SEEN_WITHOUT_LISTENER_MS);
      await eventually('the return of the memory', () => knowsByHeart(live));
      await eventually('both listeners', async () => {
        const listeners =
          'SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()';
        return (await replicas.count(listeners, [LISTENER])) === 2;
      });
    }
  });

  it('C3: whose listening connection falls silent finds out by itself, and meanwhile asks the database', async () => {
    const { token: live } = await replicas.signUp();
    const gone = await replicas.signUp();
    await warm(gone.token, live);
    expect(await knowsByHeart(live)).toBe(true);
    proxy.silence(LISTENER);
    try {
      await replicas.first.post('/v1/signout', { token: gone.token });
      await expectRefusedForGood(replicas.second, gone.token, SEEN_WITHOUT_LISTENER_MS);
      expect(await knowsByHeart(live)).toBe(false);
    } finally {
      proxy.restore();
    }
    await eventually('the return of the memory', () => knowsByHeart(live));
    // What was heard of before and after the silence is in order again.
    await replicas.first.post('/v1/signout', { token: live });
    await expectRefusedForGood(replicas.second, live);
  });
});
