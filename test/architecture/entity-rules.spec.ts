import { beforeAll, describe, expect, it } from '@jest/globals';
import type { EntityMetadata } from 'typeorm';
import { authsomeDataSource } from '../../ormconfig.js';

/** Tables whose rows belong to no tenant, and why. */
const WITHOUT_TENANT: Readonly<Record<string, string>> = {
  audit_sealer: 'How far the one sealer has come.',
  audit_prunings: 'What retention has ended, over all apps.',
  apps: 'An app is the tenant.',
  signing_keys: 'One set of keys signs for the deployment.',
  setup_tokens: 'The first platform owner is made before anything else.',
  jobs: 'Work of the deployment; its payload names the tenant where there is one.',
  job_schedules: 'Work of the deployment.',
  api_key_usage_batches: 'Which batches of counts were written; each holds those of many tenants.',
  event_cursors: 'How far consumers have read the facts of all tenants.',
  rate_limits: 'Counters under opaque keys.',
  idempotency_records: 'Answers under a hash of tenant, caller, route and key.',
};

/** Tables that also hold rows of the deployment as a whole, which belong to no tenant; read by system code only. */
const OF_ANY_LEVEL: Readonly<Record<string, string>> = {
  setting_values: 'Values of settings, from the deployment’s to a user’s.',
  setting_changes: 'The history of those.',
};

/** Tables with rows of an app as a whole: their `env_id` may be missing. */
const OF_AN_APP: Readonly<Record<string, string>> = {
  environments: 'An environment is the tenant.',
  operator_apps: 'Which apps an operator reaches; read by system code only.',
  service_accounts: 'Some are of an app as a whole.',
  outbox: 'Some facts are about an app as a whole.',
  parked_events: 'As the facts themselves.',
  audit_entries: 'Some changes are of an app as a whole.',
  audit_seals: 'An app has one chain over all its environments.',
};

/** Unique keys that do not start with the tenant, and why that lets nobody look across. */
const GLOBALLY_UNIQUE: Readonly<Record<string, string>> = {
  apps_slug_key: 'Apps share one namespace of slugs.',
  apps_platform_idx: 'There is one platform app.',
  publishable_keys_key_key: 'A random key that names its tenant.',
  devices_secret_hash_key: 'The hash of 256 random bits.',
  sessions_access_hash_key: 'The hash of 256 random bits.',
  invitations_secret_hash_key: 'The hash of 256 random bits.',
  sessions_locator_key: '128 random bits.',
  challenges_token_hash_key: 'The hash of 256 random bits.',
  outbox_sequence_idx: 'One order of all facts.',
  api_key_secrets_secret_hash_key: 'The hash of 190 random bits.',
  setting_values_scope_scope_id_key_key: 'Identifiers are unique over all tenants, and the scope id is one.',
};

let tables: readonly EntityMetadata[];

beforeAll(async () => {
  const dataSource = authsomeDataSource({ url: 'postgres://localhost/unused' });
  // Reads the decorators; needs no connection.
  await dataSource['buildMetadatas']();
  tables = dataSource.entityMetadatas;
});

const tenantTables = (): readonly EntityMetadata[] => tables.filter(({ tableName }) => !(tableName in WITHOUT_TENANT));
const columnOf = ({ columns }: EntityMetadata, name: string) =>
  columns.find(({ databaseName }) => databaseName === name);

describe('tables', () => {
  it('R182: every row of a tenant says whose it is, and that never changes', () => {
    const problems = tenantTables().flatMap((table) => {
      const needed =
        table.tableName in OF_ANY_LEVEL ? [] : table.tableName in OF_AN_APP ? ['app_id'] : ['app_id', 'env_id'];
      const wrong = needed.filter((name) => columnOf(table, name)?.isNullable !== false);
      const movable = ['app_id', 'env_id'].filter((name) => {
        const column = columnOf(table, name);
        return column !== undefined && column.isUpdate && !column.isPrimary;
      });
      return [
        ...wrong.map((name) => `${table.tableName}.${name} may be missing`),
        ...movable.map((name) => `${table.tableName}.${name} may be updated`),
      ];
    });
    expect(problems).toEqual([]);
  });

  it('a table without tenant is on the list, and has no tenant column that nobody guards', () => {
    const names = tables.map(({ tableName }) => tableName);
    expect(
      Object.keys({ ...WITHOUT_TENANT, ...OF_AN_APP, ...OF_ANY_LEVEL }).filter((name) => !names.includes(name)),
    ).toEqual([]);
    const hidden = tables.filter(
      (table) =>
        table.tableName in WITHOUT_TENANT && (columnOf(table, 'app_id') ?? columnOf(table, 'env_id')) !== undefined,
    );
    expect(hidden.map(({ tableName }) => tableName)).toEqual([]);
  });

  it('R182: unique keys start with the tenant', () => {
    const problems = tenantTables().flatMap((table) => {
      const whole =
        columnOf(table, 'env_id')?.isNullable === false && !(table.tableName in OF_AN_APP)
          ? ['app_id', 'env_id']
          : ['app_id'];
      const keys = [
        ...table.uniques.map(({ name, columns }) => ({ name, columns })),
        ...table.indices.filter(({ isUnique }) => isUnique).map(({ name, columns }) => ({ name, columns })),
      ];
      return keys
        .filter(({ name, columns }) => {
          const leading = columns.slice(0, whole.length).map(({ databaseName }) => databaseName);
          return leading.join() !== whole.join() && !(name in GLOBALLY_UNIQUE);
        })
        .map(({ name }) => name);
    });
    expect(problems).toEqual([]);
  });

  it('every exemption from the tenant prefix is still needed', () => {
    const names = tables.flatMap(({ uniques, indices }) => [...uniques, ...indices].map(({ name }) => name));
    expect(Object.keys(GLOBALLY_UNIQUE).filter((name) => !names.includes(name))).toEqual([]);
  });

  it('constraints and indexes have names that say what they hold', () => {
    const unnamed = tables.flatMap(({ tableName, uniques, indices }) =>
      [...uniques, ...indices]
        .filter(({ name }) => !name.startsWith(`${tableName}_`) || !/_(key|idx)$/.test(name))
        .map(({ name }) => `${tableName}: ${name}`),
    );
    expect(unnamed).toEqual([]);
  });

  it('R307: no column holds a secret in clear: its name says how it is kept', () => {
    const kept = /_(hash|mac|sealed|at|ttl_seconds|format|attempts|id)$/;
    const clear = tables.flatMap(({ tableName, columns }) =>
      columns
        .map(({ databaseName }) => databaseName)
        .filter(
          (name) => /(^|_)(password|token|secret|code|private|otp|pin|credential)(_|$)/.test(name) && !kept.test(name),
        )
        .map((name) => `${tableName}.${name}`),
    );
    // Two settings of an app, not secrets.
    const SETTINGS = ['app_session_configs.rotate_refresh_token', 'app_client_configs.password_enabled'];
    expect(clear.filter((name) => !SETTINGS.includes(name))).toEqual([]);
  });

  it('identifiers, columns and tables are in snake_case; nothing is named in two ways', () => {
    const odd = tables.flatMap(({ tableName, columns }) =>
      columns
        .filter(({ databaseName, propertyName }) => {
          const snake = propertyName.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
          return databaseName !== snake;
        })
        .map(({ databaseName }) => `${tableName}.${databaseName}`),
    );
    expect(odd).toEqual([]);
  });

  it('entities are columns and nothing else: no relation, no default, no generated time', () => {
    const more = tables.flatMap(({ tableName, relations, columns, listeners }) => [
      ...relations.map(({ propertyName }) => `${tableName}.${propertyName} is a relation`),
      ...columns
        .filter((column) => column.default !== undefined)
        .map(({ databaseName }) => `${tableName}.${databaseName} has a default`),
      ...columns
        .filter((column) => column.isCreateDate || column.isUpdateDate || column.isDeleteDate)
        .map(({ databaseName }) => `${tableName}.${databaseName} fills itself`),
      ...listeners.map(({ propertyName }) => `${tableName}.${propertyName} is a listener`),
    ]);
    expect(more).toEqual([]);
  });
});
