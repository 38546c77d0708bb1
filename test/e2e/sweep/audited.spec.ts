import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OwnerView } from '../../support/owner-view.js';
import { TestApp } from '../../support/test-app.js';
import { Operations } from './operations.js';
import { RightCalls } from './right-calls.js';
import { Stage, UNLIMITED } from './stage.js';

const app = await TestApp.start({ env: UNLIMITED });
const operations = new Operations(app.nest);

/** What changes nothing itself, and why it may leave nothing. */
const SILENT: Readonly<Record<string, string>> = {
  introspectToken: 'Reads.',
  lookUpInvitation: 'Reads.',
  checkPermission: 'Reads.',
  checkEntitlements: 'Reads.',
  verifyAPIKey: 'Reads, and counts.',
  createReservation: 'Holds units for minutes.',
  releaseReservation: 'As createReservation.',
  commitReservation: 'Becomes usage, which is recorded as such.',
  planPromotion: 'Compares.',
  tryFormConfig: 'Tries.',
  addUserImportRows: 'Only received; what becomes of them is recorded when the import runs.',
  forgotPassword: 'Asks a job, which records it if there is such an account: the caller must not be able to tell.',
  resendEmailVerification: 'As forgotPassword.',
  revokeOtherSessions: 'Here there is no other one.',
  unlinkAuthMethod: 'Refused here: the last way in stays.',
};

/** What is recorded in the audit trail and is no event, and why. */
const NO_EVENT: Readonly<Record<string, string>> = {
  refreshTokens: 'Renews what there is, every few minutes of every session.',
  reauthenticate: 'Proves again who is there already.',
  createUserImport: 'Opens a place for rows: no user is there yet.',
  startUserImport: 'Asks a job, which tells what it has written.',
  resendWebhookDelivery: 'About messages of old events.',
  resendFailedWebhookDeliveries: 'As resendWebhookDelivery.',
  replayWebhookEvents: 'As resendWebhookDelivery.',
  testWebhook: 'Nothing has happened.',
  adminRetryParkedEvent: 'About an old event.',
  ingestUsage: 'Usage is counted, not told; what it reaches is: see billing.quota.',
};

/** The smallest body of these says that nothing changes. */
const CHANGES: Readonly<Record<string, object>> = {
  setAppClientConfig: { app_name: 'Named' },
  updateAPIKey: { name: 'Renamed' },
  setAppSessionConfig: { token_ttl_seconds: 700 },
  updateEnvironmentSettings: { token_ttl_seconds: 700 },
  adminBulkImportUsers: { users: [{ email: 'ada@example.com' }] },
};

describe('R302, R231: what changes something', () => {
  let calls: RightCalls;
  let view: OwnerView;

  beforeAll(async () => {
    calls = new RightCalls(await Stage.set(app), operations);
    view = await OwnerView.open(app.database);
  });
  afterAll(async () => {
    await view.close();
    await app.close();
  });

  interface Recorded {
    readonly entries: number;
    readonly facts: number;
  }

  const recorded = async (): Promise<Recorded> => {
    const counts = `SELECT (SELECT count(*) FROM audit_entries)::integer AS entries, (SELECT count(*) FROM outbox)::integer AS facts`;
    const [found] = await view.query<Recorded>(counts);
    return found ?? { entries: 0, facts: 0 };
  };

  const changing = operations.where(
    ({ name, method, success }) => method !== 'GET' && success !== undefined && !(name in SILENT),
  );

  it.each(changing)('%s leaves an entry in the audit trail, and an event', async (_, operation) => {
    const { path, on, ...call } = await calls.make(operation);
    if (on !== undefined) return on.close();
    const before = await recorded();
    const body = CHANGES[operation.name] ?? call.body;
    const answer = await app.api.request(operation.method, path, { ...call, ...(body !== undefined && { body }) });
    expect(answer.status).toBe(operation.success);
    const after = await recorded();
    expect(after.entries).toBeGreaterThan(before.entries);
    expect([operation.name, after.facts > before.facts]).toEqual([operation.name, !(operation.name in NO_EVENT)]);
  });

  it('and what may be silent is a route that there is', () => {
    const names = operations.all.map(({ name }) => name);
    expect(Object.keys({ ...SILENT, ...NO_EVENT }).filter((name) => !names.includes(name))).toEqual([]);
  });
});
