import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Secret } from '../../../src/kernel/crypto/secret.js';
import { expectProblem } from '../../support/expect-problem.js';
import { FakeUnkey } from '../../support/fake-unkey.js';
import { TestApp } from '../../support/test-app.js';
import { Machines } from './machines.js';

describe('calls by a key that Unkey keeps', () => {
  const log: string[] = [];
  let app: TestApp;
  let unkey: FakeUnkey;
  let machines: Machines;

  beforeAll(async () => {
    unkey = await FakeUnkey.open(() => app.clock.nowMs());
    const at = { baseUrl: unkey.url, rootKey: new Secret(unkey.rootKey), apiId: FakeUnkey.apiId };
    app = await TestApp.start({ log, app: { keys: { driver: 'unkey', ...at, brand: 'ath', verifyTimeoutMs: 5_000 } } });
    machines = await Machines.open(app);
  });
  afterAll(async () => {
    await app.close();
    await unkey.close();
  });

  const read = (rawKey: string) => app.api.get('/v1/admin/users', { headers: { 'x-api-key': rawKey } });

  it('do what its scopes say, at one call of Unkey’s each', async () => {
    const { rawKey } = await machines.key(['read']);
    const before = unkey.calls.length;
    expect((await read(rawKey)).status).toBe(200);
    expect(unkey.calls.slice(before).map(({ call }) => call)).toEqual(['keys.verifyKey']);
    expectProblem(await read((await machines.key(['write'])).rawKey), 403, 'insufficient_scope');
    expectProblem(await read(`${rawKey}0`), 401, 'invalid_api_key');
  });

  it('over a limit are told when to come again', async () => {
    const { rawKey } = await machines.key(['read'], { limits: { per_minute: 1 } });
    expect((await read(rawKey)).status).toBe(200);
    const refused = await read(rawKey);
    expectProblem(refused, 429, 'rate_limited');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('K33: with the old secret are told to change it', async () => {
    const { id, rawKey } = await machines.key(['read']);
    const rotated = await machines.must('POST', `/v1/keys/${id}/rotate`, { grace_seconds: 3_600 });
    const [old, current] = [await read(rawKey), await read(rotated.key as string)];
    expect([old.status, current.status]).toEqual([200, 200]);
    expect([typeof old.headers.sunset, typeof current.headers.sunset]).toEqual(['string', 'undefined']);
    await machines.must('DELETE', `/v1/keys/${id}`);
    for (const secret of [rawKey, rotated.key as string]) expectProblem(await read(secret), 401, 'invalid_api_key');
  });

  it('K10: while Unkey is away are 503, never 401; afterwards the key is what it was', async () => {
    const { id, rawKey } = await machines.key(['read']);
    unkey.mood = 'failing';
    expectProblem(await read(rawKey), 503, 'provider_unavailable');
    expectProblem(await read('ath_nobodys'), 503, 'provider_unavailable');
    expectProblem(await machines.asOperator('DELETE', `/v1/keys/${id}`), 503, 'provider_unavailable');
    unkey.mood = 'well';
    expect((await read(rawKey)).status).toBe(200);
  });

  it('K03: leave no secret in the log, nor in an answer after the first', async () => {
    const { id, rawKey } = await machines.key(['read']);
    const answers = [await read(rawKey), await machines.asOperator('GET', `/v1/keys/${id}`)];
    unkey.mood = 'cutting';
    answers.push(await read(rawKey), await machines.asOperator('POST', `/v1/keys/${id}/rotate`, {}));
    unkey.mood = 'well';
    const rotated = (await machines.must('POST', `/v1/keys/${id}/rotate`, {})).key as string;
    answers.push(await read(rotated), await machines.asOperator('GET', '/v1/keys'));
    const said = [...log, ...answers.map(({ text, headers }) => text + JSON.stringify(headers))].join('\n');
    expect(log.length).toBeGreaterThan(0);
    for (const secret of [rawKey, rotated, unkey.rootKey]) expect(said).not.toContain(secret.slice(-16));
  });
});
