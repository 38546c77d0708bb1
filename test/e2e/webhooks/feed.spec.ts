import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { Events } from '../../../src/kernel/events/events.js';
import { IdGenerator, type Id } from '../../../src/kernel/ids/id.js';
import { Cursors } from '../../../src/kernel/persistence/page.js';
import { Database } from '../../../src/kernel/persistence/database.js';
import type { EventEnvelope } from '../../../src/webhooks/messages/event-envelope.js';
import { expectProblem } from '../../support/expect-problem.js';
import { HookedApp } from './hooked-app.js';

interface Page {
  readonly events: EventEnvelope[];
  readonly next_cursor: string;
  readonly has_more: boolean;
}

/** A fact whose transaction has not ended. */
class OpenFact {
  private constructor(
    private readonly connection: Client,
    readonly id: string,
  ) {}

  static async begin({ app, tenant }: HookedApp): Promise<OpenFact> {
    const connection = new Client({ connectionString: app.database.ownerUrl });
    await connection.connect();
    await connection.query('BEGIN');
    const id = app.get(IdGenerator).next('event');
    const { appId, envId } = tenant.scope;
    await connection.query(
      `INSERT INTO outbox (id, app_id, env_id, name, subject_id, payload, occurred_at)
       VALUES ($1, $2, $3, 'user.updated', 'ausr_x', '{}', $4)`,
      [id, appId, envId, app.clock.now()],
    );
    return new OpenFact(connection, id);
  }

  async commit(): Promise<void> {
    await this.connection.query('COMMIT');
    await this.connection.end();
  }
}

describe('the feed of events', () => {
  let on: HookedApp;

  beforeAll(async () => {
    on = await HookedApp.start();
  });
  afterAll(() => on.close());

  /** As far as every transaction is over. */
  const read = async (query: Record<string, string> = {}): Promise<Page> =>
    (await on.ask('GET', '/v1/events', undefined, query)).body as unknown as Page;
  /** Where the feed stands now, every transaction being over. */
  const now = async (): Promise<string> => (await read({ start: 'now' })).next_cursor;
  const user = 'ausr_01jd3v3x6pe0p9m2s5f7q8w9ab' as Id<'user'>;
  const record = (): Promise<void> =>
    on.app.get(Events).record(on.tenant.scope, 'user.email_verified', user, { user_id: user });

  it('is read page by page from the oldest, each event once, in the same words as a webhook’s', async () => {
    await on.hook({ events: ['user.created'] });
    await Promise.all(Array.from({ length: 5 }, () => on.app.api.signUp(on.tenant)));
    await on.app.deliver();
    const seen: EventEnvelope[] = [];
    let page: Page | undefined;
    do {
      page = await read({ limit: '3', ...(page && { cursor: page.next_cursor }) });
      seen.push(...page.events);
    } while (page.has_more);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
    const created = seen.filter(({ event }) => event === 'user.created');
    expect(created).toHaveLength(5);
    const told = on.receiver.of('user.created').map(({ event }) => event);
    expect(created.map(({ id }) => id).sort()).toEqual(told.map(({ id }) => id).sort());
    for (const event of told) expect(created).toContainEqual(event);
  });

  it('a cursor waits for what comes, and from now on is not from the beginning', async () => {
    const cursor = await now();
    const empty = await read({ cursor });
    expect(empty).toMatchObject({ events: [], has_more: false });
    const person = await on.app.api.signUp(on.tenant);
    // Transactions of other suites on the same server hold the feed up, too.
    await on.app.drain();
    const { events } = await read({ cursor: empty.next_cursor, events: 'user.*' });
    expect(events).toMatchObject([{ event: 'user.created', data: { user_id: person.userId } }]);
    expect((await read({ cursor, events: 'org.*,app.created' })).events).toEqual([]);
  });

  it('never misses a fact whose transaction commits later than one with a higher number', async () => {
    const cursor = await now();
    const late = await OpenFact.begin(on);
    await on.app.get(Database).independently(record);
    const between = await read({ cursor });
    expect(between.events).toEqual([]);
    await late.commit();
    await on.app.drain();
    const { events } = await read({ cursor: between.next_cursor });
    expect(events).toHaveLength(2);
    expect(events.map(({ id }) => id)).toContain(late.id);
  });

  it('goes on after a backup was restored, whose transactions are numbered anew', async () => {
    const last = (await read({ limit: '100' })).events.at(-1) as EventEnvelope;
    const person = await on.app.api.signUp(on.tenant);
    await on.app.drain();
    const ahead = on.app.get(Cursors).encode(`events/${on.tenant.scope.envId}`, `900000000000:${last.sequence}`);
    const { events } = await read({ cursor: ahead, limit: '100' });
    expect(events.map(({ data }) => data.user_id)).toContain(person.userId);
  });

  it('tells nothing of another environment or app, and takes no cursor of theirs (R175)', async () => {
    const other = await on.app.createTenant();
    const token = await on.app.operatorOf(other.scope.appId);
    const query = { app_id: other.scope.appId };
    const theirs = await on.app.api.get('/v1/events', { token, query });
    expect((theirs.body as unknown as Page).events.filter(({ env_id }) => env_id !== other.scope.envId)).toEqual([]);
    const cursor = await now();
    expectProblem(await on.app.api.get('/v1/events', { token, query: { ...query, cursor } }), 400, 'malformed_cursor');
  });

  it('refuses names of no event', async () => {
    expectProblem(await on.ask('GET', '/v1/events', undefined, { events: 'user.creatd' }), 422, 'unknown_event');
  });
});
