import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { Schema } from '../../../src/kernel/persistence/schema.js';
import { createEmptyDatabase, type EmptyDatabase } from './empty-database.js';

/** What the mapper would change although nothing is wrong: it knows no words for it, so the migrations alone say it. */
const UNSPOKEN: readonly { readonly statement: RegExp; readonly why: string }[] = [
  {
    statement: /^ALTER TABLE "\w+" DROP CONSTRAINT "\w+_fkey"$/,
    why: 'Entities have no relations: foreign keys are composite and cross modules.',
  },
  {
    statement: /^ALTER TABLE "\w+" DROP CONSTRAINT "\w+_check"$/,
    why: 'Checks guard the database against whoever does not use the entities.',
  },
  {
    statement: /^ALTER TABLE "(outbox|event_cursors|audit_entries|audit_sealer)" DROP COLUMN "tx_id"$/,
    why: 'An xid8 that PostgreSQL fills and only SQL reads.',
  },
  {
    statement: /^DROP INDEX "public"\."(outbox_tx_id_sequence|outbox_feed|audit_entries_tx_id_id)_idx"$/,
    why: 'It holds such a column.',
  },
  {
    statement: /^DROP INDEX "public"\."users_(email_prefix|username_prefix|metadata)_idx"$/,
    why: 'Operator classes: for prefixes, and for what a document contains.',
  },
  {
    statement: /^DROP INDEX "public"\."billing_usage_events_recorded_at_idx"$/,
    why: 'An index of block ranges: rows are appended in the order of its column.',
  },
];

interface CollatedColumn {
  readonly table: string;
  readonly column: string;
  readonly collation: string;
}

describe('entities and schema', () => {
  let database: EmptyDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createEmptyDatabase();
    dataSource = await database.connect();
    await new Schema(dataSource).migrate();
  });
  afterAll(() => database.drop());

  const collated = (): Promise<CollatedColumn[]> =>
    dataSource.query(`SELECT table_name AS "table", column_name AS "column", collation_name AS "collation"
      FROM information_schema.columns WHERE table_schema = 'public' AND collation_name IS NOT NULL`);

  it('the migrated schema is what the entities describe', async () => {
    // Identifiers are compared byte by byte; the mapper would want that said on each of their columns.
    for (const { table, column, collation } of await collated()) {
      const metadata = dataSource.entityMetadatas.find(({ tableName }) => tableName === table);
      const described = metadata?.columns.find(({ databaseName }) => databaseName === column);
      if (described !== undefined) described.collation = collation;
    }
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    const differences = upQueries
      .map(({ query }) => query)
      .filter((query) => !UNSPOKEN.some(({ statement }) => statement.test(query)));
    expect(differences).toEqual([]);
  });

  it('identifiers are compared byte by byte, so that they sort by creation whatever the locale (W3)', async () => {
    const byteWise = new Set(
      (await collated()).filter(({ collation }) => collation === 'C').map(({ table, column }) => `${table}.${column}`),
    );
    const identifiers = dataSource.entityMetadatas.flatMap(({ tableName, columns }) =>
      columns
        .filter(({ databaseName, type }) => type === 'text' && /^id$|_id$|^impersonated_by$/.test(databaseName))
        // Made by clients, and which master key was used: no identifiers of ours.
        .filter(({ databaseName }) => databaseName !== 'request_id' && databaseName !== 'key_id')
        .map(({ databaseName }) => `${tableName}.${databaseName}`),
    );
    expect(identifiers.filter((name) => !byteWise.has(name))).toEqual([]);
  });

  it('an index of part of a table is one in the entity and in the schema, on the same condition', async () => {
    const partial = await dataSource.query<{ name: string; condition: string }[]>(
      `SELECT c.relname AS name, pg_get_expr(i.indpred, i.indrelid) AS condition FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
       WHERE i.indpred IS NOT NULL AND c.relnamespace = 'public'::regnamespace`,
    );
    const bare = (condition: string): string => condition.replaceAll(/[()]|::text/g, '').toLowerCase();
    const inSchema = partial.map(({ name, condition }) => `${name}: ${bare(condition)}`);
    const inEntities = dataSource.entityMetadatas
      .flatMap(({ indices }) => indices)
      .filter(({ where }) => where !== undefined)
      .map(({ name, where }) => `${name}: ${bare(where ?? '')}`);
    expect(inEntities.sort()).toEqual(inSchema.sort());
  });
});
