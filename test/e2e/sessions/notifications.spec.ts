import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '../../../src/kernel/logging/logger.js';
import { Notifications } from '../../../src/kernel/notifications/notifications.js';
import { eventually } from '../../support/eventually.js';
import { OwnerView } from '../../support/owner-view.js';
import { PostgresProxy } from '../../support/postgres-proxy.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';

const NAME = 'listener under test';

let database: TestDatabase;
let view: OwnerView;
let proxy: PostgresProxy;
let notifications: Notifications;
let heard: string[];
/** Whether the connection counted as live at each reset. */
let resets: boolean[];

beforeAll(async () => {
  database = await createTestDatabase();
  view = await OwnerView.open(database);
  proxy = await PostgresProxy.open(database.runtimeUrl, []);
});
afterAll(async () => {
  await view.close();
  await proxy.close();
  await database.drop();
});

beforeEach(async () => {
  heard = [];
  resets = [];
  const connection = { connectionString: proxy.url, application_name: NAME };
  const logger = new Logger({ level: 'silent', format: 'json' });
  notifications = new Notifications({ connection, heartbeatMs: 50 }, logger);
  notifications.on('session:', (payload) => heard.push(payload));
  notifications.on('keys:changed', (payload) => heard.push(payload));
  notifications.onReset(() => resets.push(notifications.isLive));
});
afterEach(async () => {
  proxy.restore();
  await notifications.stop();
});

const notify = (payload: string) => view.query(`SELECT pg_notify('authsome', $1)`, [payload]);
const listeners = () =>
  view.query('SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()', [NAME]);
const endListener = () =>
  view.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()',
    [NAME],
  );

describe('Notifications', () => {
  it('hands a payload to who asked for it, by its whole text or by what stands before the colon', async () => {
    await notifications.start();
    expect(notifications.isLive).toBe(true);
    for (const payload of ['session:1', 'keys:changed', 'keys:other', 'user:1', 'session', '']) await notify(payload);
    await notify('session:last');
    await eventually('the last payload', () => heard.includes('session:last'));
    expect(heard).toEqual(['session:1', 'keys:changed', 'session:last']);
  });

  it('C3: has everybody forget what they know when the connection is lost, and again before it counts as back', async () => {
    await notifications.start();
    expect(resets).toEqual([false]);
    await endListener();
    await eventually('the loss', () => resets.length === 2);
    await eventually('the return', () => notifications.isLive);
    expect(resets).toEqual([false, false, false]);
    await notify('session:after');
    await eventually('the payload', () => heard.includes('session:after'));
  });

  it('C3: finds out by itself that a connection has fallen silent, and comes back when there is one', async () => {
    await notifications.start();
    proxy.silence(NAME);
    await eventually('the loss', () => !notifications.isLive);
    await notify('session:unheard');
    proxy.restore();
    await eventually('the return', () => notifications.isLive);
    expect(heard).toEqual([]);
    await notify('session:after');
    await eventually('the payload', () => heard.includes('session:after'));
  });

  it('is not live while PostgreSQL cannot be reached at its start, and connects when it can', async () => {
    proxy.silence(NAME);
    await notifications.start();
    expect(notifications.isLive).toBe(false);
    proxy.restore();
    await eventually('the connection', () => notifications.isLive);
  });

  it('once stopped, is not live and leaves no connection', async () => {
    await notifications.start();
    await notifications.stop();
    expect(notifications.isLive).toBe(false);
    await eventually('the end of the connection', async () => (await listeners()).length === 0);
  });

  it('stopped in the middle of connecting, is not live and leaves no connection', async () => {
    const starting = notifications.start();
    await notifications.stop();
    await starting;
    expect(notifications.isLive).toBe(false);
    await eventually('the end of the connection', async () => (await listeners()).length === 0);
  });
});
