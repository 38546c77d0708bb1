import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ServiceUnavailable } from '../../../src/kernel/errors/common-problems.js';
import { Notifications } from '../../../src/kernel/notifications/notifications.js';
import { Database } from '../../../src/kernel/persistence/database.js';
import { KEY_MANAGER, type KeyManager, type ValidatedKey } from '../../../src/keys-bridge/key-manager.js';
import { drawKey } from '../../../src/api-keys/key-format.js';
import { expectProblem } from '../../support/expect-problem.js';
import { TestApp } from '../../support/test-app.js';
import { Machines } from './machines.js';

/** As a promise, whether anybody had to be asked or not. */
const validate = async (manager: KeyManager, rawKey: string): Promise<ValidatedKey> => manager.validateKey(rawKey);
const LOOK_UP = 'api_keys.by_hash';

describe('what is remembered of API keys', () => {
  let app: TestApp;
  let machines: Machines;
  let manager: KeyManager;

  beforeAll(async () => {
    // Without row policies a statement is one call, so that calls can be counted.
    app = await TestApp.start({ env: { AUTHSOME_ROW_POLICIES: 'false' } });
    machines = await Machines.open(app);
    manager = app.nest.get<KeyManager>(KEY_MANAGER, { strict: false });
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  afterAll(() => app.close());

  /** @returns the statements that are sent from now on. @param isAway whether look-ups of keys fail, as without a database. */
  function watch(isAway = (): boolean => false): string[] {
    const statements: string[] = [];
    const database = app.get(Database);
    const query = database.query.bind(database);
    jest.spyOn(database, 'query').mockImplementation((scope, statement, values) => {
      statements.push(statement.name);
      if (statement.name === LOOK_UP && isAway()) return Promise.reject(new ServiceUnavailable());
      return query(scope, statement, values);
    });
    return statements;
  }

  it('K12: a thousand first uses at once are one query, and a key in memory is none', async () => {
    const { rawKey } = await machines.key(['read:users']);
    const statements = watch();
    await Promise.all(Array.from({ length: 1_000 }, () => validate(manager, rawKey)));
    expect(statements.filter((name) => name === LOOK_UP)).toHaveLength(1);
    statements.length = 0;
    for (let n = 0; n < 100; n += 1) await manager.validateKey(rawKey);
    expect(statements).toEqual([]);
  });

  it('K05, R221: a key with a wrong checksum is refused without a query', async () => {
    const statements = watch();
    const key = drawKey('ath', 'development');
    const forged = key.slice(0, -1) + (key.endsWith('0') ? '1' : '0');
    expectProblem(await machines.read(forged), 401, 'invalid_api_key');
    expect(statements).toEqual([]);
  });

  it('K10: without a database a key goes on for a minute at most, and then and for others it is 503, never 401', async () => {
    const { rawKey } = await machines.key(['read:users']);
    const cold = await machines.key(['read:users']);
    let isAway = false;
    watch(() => isAway);
    await manager.validateKey(rawKey);
    isAway = true;
    await expect(validate(manager, cold.rawKey)).rejects.toMatchObject({ kind: 'unavailable' });
    app.clock.advance(59_000);
    await expect(validate(manager, rawKey)).resolves.toMatchObject({ name: 'CI' });
    app.clock.advance(1_000);
    await expect(validate(manager, rawKey)).rejects.toMatchObject({ kind: 'unavailable' });
    isAway = false;
    await expect(validate(manager, rawKey)).resolves.toMatchObject({ name: 'CI' });
  });

  it('K14: while changes go unheard nothing in memory is trusted', async () => {
    const deaf = await TestApp.start({ database: app.database });
    const { id, rawKey } = await machines.key(['read:users']);
    const keys = deaf.nest.get<KeyManager>(KEY_MANAGER, { strict: false });
    await deaf.get(Notifications).stop();
    try {
      await expect(validate(keys, rawKey)).resolves.toMatchObject({ id });
      await machines.must('DELETE', `/v1/keys/${id}`);
      await expect(validate(keys, rawKey)).rejects.toMatchObject({ code: 'invalid_api_key' });
    } finally {
      await deaf.close();
    }
  });

  it('an unknown key is remembered too', async () => {
    const statements = watch();
    const unknown = drawKey('ath', 'development');
    for (let n = 0; n < 10; n += 1)
      await expect(validate(manager, unknown)).rejects.toMatchObject({ code: 'invalid_api_key' });
    expect(statements.filter((name) => name === LOOK_UP)).toHaveLength(1);
  });
});
