import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { QueryRunner } from 'typeorm';
import { Schema } from '../../../src/kernel/persistence/schema.js';
import { migrations } from '../../../src/migrations/index.js';
import { createEmptyDatabase, type EmptyDatabase, schemaOf, withClient } from './empty-database.js';

/**
 * SHA-256 of the statements of each migration, up and down. A migration that a release has shipped has run somewhere: it is never
 * edited, because the edit would never run there. Write another migration instead.
 */
const SHIPPED: Readonly<Record<string, string>> = {
  Foundation1769904000000: 'b9be63b77b6eb8b7c113d634a208a9a176f417128e41959f81be5c74f25dea90',
  Settings1770000000000: 'ad501d281e0df7489746749d5aa0781741f2bef26dda44e4342cf06f77b34060',
  EventConsumers1770050000000: 'ac1e50e6d8115dd0933a6b7830dc2023c664319e1b3e22465353f3089f444fb2',
  FormConfigs1770200000000: '5f2ded8509d0a1aba106c2072ad185c5ae762f0c7d0e0a53f00af397c9c2e70f',
  AuditSeals1770600000000: '9c2be1739a2c68106e40420c409ebbeee02be151eb78ddbb9b2e01a7875bb9a7',
  Operators1770500000000: '5602e535f9e44ba1b6bd5c16be1c16b36dcbc7a5d15a9cf83d956fd463db46b7',
  UserAdministration1770300000000: 'e4126edaf62db332358ab5af644055c6229079d9f54d288fe504e81e2068e954',
  UserImports1770400000000: '444bf153fcdce8cca02afdf6a7720067a243dc5779b4d3db27a06a6d75dc1ab1',
  Organizations1770700000000: '05d42999223f6c5e4c25deee760a1a7279ecebc69aae3c825ac18463cf3f7351',
  Roles1770800000000: '4a713c3732de8fe7aaf347c0ec01db2600d266c1702a6c8cf5436845694212d9',
  Webhooks1770900000000: '6b4d4021e2aacc8031b5d5d19d7a2aa610eb828980c8f639ca006f45307042ae',
  Billing1771000000000: 'af54300ffa61ae071a04b0817608006dd6992dd71e2487b7aeaa21084ea7202b',
  ApiKeys1771100000000: '00b04466674a2abfe808bae9aa00202c4290f34f8c7fc5efe149270825714c1e',
  UnkeyKeys1771200000000: '392711f3313d26334afce5089a89457bad8a28ee75c880d18b1d57ca9734496a',
  LeakedKeys1771300000000: '9ef6bd0da91288ac1399a532f20cf641d34cb56a5b0fb0931f64e6e7fe8f42d9',
};

const names = migrations.map(({ name }) => name);

describe('migrations', () => {
  let database: EmptyDatabase;

  beforeEach(async () => {
    database = await createEmptyDatabase();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await database.drop();
  });

  it('up, down and up again end in the same schema, and down leaves nothing behind', async () => {
    const dataSource = await database.connect();
    const schema = new Schema(dataSource);
    expect(await schema.migrate()).toEqual(names);
    const first = await schemaOf(dataSource);

    for (let left = names.length; left > 0; left -= 1) await dataSource.undoLastMigration({ transaction: 'each' });
    expect(
      (await schemaOf(dataSource)).filter((line) => !/\bmigrations(_id_seq)?\b/.test(line) && !/PK_/.test(line)),
    ).toEqual([]);
    expect((await schema.status()).pending).toEqual(names);

    expect(await schema.migrate()).toEqual(names);
    expect(await schemaOf(dataSource)).toEqual(first);
  });

  it('of five processes that migrate an empty database at once, one applies each migration and the others wait for it (F14)', async () => {
    const processes = await Promise.all(Array.from({ length: 5 }, () => database.connect()));
    const applied = await Promise.all(processes.map((dataSource) => new Schema(dataSource).migrate()));
    expect(applied.flat()).toEqual(names);
    const recorded = await withClient(database.url, (client) =>
      client.query<{ name: string }>('SELECT name FROM migrations ORDER BY id'),
    );
    expect(recorded.rows.map(({ name }) => name)).toEqual(names);
    for (const dataSource of processes) expect((await new Schema(dataSource).status()).pending).toEqual([]);
  });

  it('a migration gives way to a long transaction instead of queueing requests behind itself, and gets through once that ends', async () => {
    const dataSource = await database.connect();
    const schema = new Schema(dataSource);
    await schema.migrate();
    await dataSource.query('DELETE FROM migrations WHERE id = (SELECT max(id) FROM migrations)');
    // The mapper announces each failed attempt.
    jest.spyOn(console, 'log').mockImplementation(() => undefined);
    const attempts: string[] = [];
    // The pending migration needs a table that somebody reads.
    const migration = dataSource.migrations.at(-1);
    if (migration === undefined) throw new Error('no migration');
    migration.up = async (runner: QueryRunner) => {
      attempts.push('try');
      await runner.query('LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
    };
    await withClient(database.url, async (reader) => {
      await reader.query('BEGIN; SELECT count(*) FROM users');
      const migrating = schema.migrate();
      await withClient(database.url, async (bystander) => {
        while (attempts.length < 2) await bystander.query('SELECT count(*) FROM users');
      });
      await reader.query('COMMIT');
      expect(await migrating).toEqual(names.slice(-1));
    });
  });

  it('an older build recognises what a newer one has applied, and has nothing to do', async () => {
    const dataSource = await database.connect();
    const schema = new Schema(dataSource);
    await schema.migrate();
    await dataSource.query(`INSERT INTO migrations (timestamp, name) VALUES (2000000000000, 'Tomorrow2000000000000')`);
    expect(await schema.status()).toMatchObject({ pending: [], newer: ['Tomorrow2000000000000'] });
    expect(await schema.migrate()).toEqual([]);
  });
});

describe('shipped migrations', () => {
  it.each(migrations.map((migration) => ({ name: migration.name, migration })))(
    '$name is what was shipped',
    async ({ name, migration }) => {
      const statements: string[] = [];
      const recorder = { query: (sql: string) => Promise.resolve(void statements.push(sql)) } as unknown as QueryRunner;
      const instance = new migration();
      await instance.up(recorder);
      await instance.down(recorder);
      const checksum = createHash('sha256').update(statements.join(';\n')).digest('hex');
      expect(checksum).toBe(SHIPPED[name]);
    },
  );

  it('run in the order of their time stamps', () => {
    const stamps = names.map((name) => Number(/\d{13}$/.exec(name)?.[0]));
    expect(stamps).toEqual([...stamps].sort((a, b) => a - b));
    expect(stamps.every((stamp) => stamp > 0)).toBe(true);
  });
});
