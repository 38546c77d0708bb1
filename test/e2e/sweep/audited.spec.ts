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
  planPromotion: 'Compares.',
  tryFormConfig: 'Tries.',
  addUserImportRows: 'Only received; what becomes of them is recorded when the import runs.',
  forgotPassword: 'Asks a job, which records it if there is such an account: the caller must not be able to tell.',
  resendEmailVerification: 'As forgotPassword.',
  revokeOtherSessions: 'Here there is no other one.',
  unlinkAuthMethod: 'Refused here: the last way in stays.',
};

/** The smallest body of these says that nothing changes. */
const CHANGES: Readonly<Record<string, object>> = {
  setAppClientConfig: { app_name: 'Named' },
  setAppSessionConfig: { token_ttl_seconds: 700 },
  updateEnvironmentSettings: { token_ttl_seconds: 700 },
  adminBulkImportUsers: { users: [{ email: 'ada@example.com' }] },
};

describe('R302: what changes something', () => {
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

  const entries = async (): Promise<number> =>
    (await view.query<{ n: number }>('SELECT count(*)::integer AS n FROM audit_entries'))[0]?.n ?? 0;

  const changing = operations.where(
    ({ name, method, success }) => method !== 'GET' && success !== undefined && !(name in SILENT),
  );

  it.each(changing)('%s leaves an entry in the audit trail', async (_, operation) => {
    const { path, on, ...call } = await calls.make(operation);
    if (on !== undefined) return on.close();
    const before = await entries();
    const body = CHANGES[operation.name] ?? call.body;
    const answer = await app.api.request(operation.method, path, { ...call, ...(body !== undefined && { body }) });
    expect(answer.status).toBe(operation.success);
    expect(await entries()).toBeGreaterThan(before);
  });

  it('and what may be silent is a route that there is', () => {
    const names = operations.all.map(({ name }) => name);
    expect(Object.keys(SILENT).filter((name) => !names.includes(name))).toEqual([]);
  });
});
