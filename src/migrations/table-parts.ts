import { ID_PREFIXES, type IdKind } from '../kernel/ids/id-prefixes.js';

/** The id column of a table: byte order (TypeIDs sort by creation in it) and the right prefix. */
export function idColumn(kind: IdKind): string {
  return `id text COLLATE "C" NOT NULL CHECK (starts_with(id, '${ID_PREFIXES[kind]}_'))`;
}

/** A table whose rows belong to an app: tenant column, foreign key and row policy, so that a new table starts isolated. */
export function appTable(name: string, columns: string, storage = ''): string[] {
  return [
    `CREATE TABLE ${name} (
      app_id text COLLATE "C" NOT NULL,
      ${columns},
      CONSTRAINT ${name}_app_id_fkey FOREIGN KEY (app_id) REFERENCES apps (id) ON DELETE CASCADE) ${storage}`,
    `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`,
    `CREATE POLICY ${name}_tenant ON ${name} USING (authsome_reaches_app(app_id)) WITH CHECK (authsome_reaches_app(app_id))`,
  ];
}

/** A table whose rows belong to one environment: the composite foreign key refuses an environment of another app (R182). */
export function envTable(name: string, columns: string, storage = '', kind = 'TABLE'): string[] {
  return [
    `CREATE ${kind} ${name} (
      app_id text COLLATE "C" NOT NULL,
      env_id text COLLATE "C" NOT NULL,
      ${columns},
      CONSTRAINT ${name}_env_id_fkey FOREIGN KEY (app_id, env_id) REFERENCES environments (app_id, id) ON DELETE CASCADE) ${storage}`,
    `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`,
    `CREATE POLICY ${name}_tenant ON ${name}
       USING (authsome_reaches(app_id, env_id)) WITH CHECK (authsome_reaches(app_id, env_id))`,
  ];
}
