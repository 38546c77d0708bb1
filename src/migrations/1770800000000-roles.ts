import type { MigrationInterface, QueryRunner } from 'typeorm';
import { envTable, idColumn } from './table-parts.js';

/** Roles with what they permit, and who has which. Environments that are there already get the roles that new ones begin with. */
export class Roles1770800000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of UP) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const sql of DOWN) await runner.query(sql);
  }
}

/** Slug, name and parent, parents first; the numbers tell the ids apart that are made of an environment's. */
const FIRST_ROLES = [
  ['user', 'User', null],
  ['admin', 'Admin', 'user'],
  ['owner', 'Owner', 'admin'],
  ['org-member', 'Organization member', null],
  ['org-admin', 'Organization admin', 'org-member'],
  ['org-owner', 'Organization owner', 'org-admin'],
] as const;

const FIRST_GRANTS = [
  ['admin', 'read', 'role'],
  ['admin', 'create', 'role'],
  ['admin', 'update', 'role'],
  ['admin', 'delete', 'role'],
  ['admin', 'assign', 'role'],
  ['admin', 'read', 'permission'],
  ['admin', 'create', 'permission'],
  ['admin', 'delete', 'permission'],
  ['admin', 'manage', 'organization'],
  ['owner', '*', '*'],
  ['org-admin', 'read', 'role'],
  ['org-owner', 'assign', 'role'],
] as const;

const twoDigits = (number: number): string => String(number).padStart(2, '0');
const idFrom = (prefix: string, number: number): string =>
  `'${prefix}_' || left(right(id, 26), 24) || '${twoDigits(number)}'`;
const numberOf = (slug: string | null): number => FIRST_ROLES.findIndex(([role]) => role === slug);

const UP = [
  ...envTable(
    'roles',
    `${idColumn('role')},
    parent_id text COLLATE "C",
    slug text COLLATE "C" NOT NULL,
    name text NOT NULL,
    description text,
    system boolean NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT roles_pkey PRIMARY KEY (id),
    CONSTRAINT roles_app_id_env_id_id_key UNIQUE (app_id, env_id, id),
    CONSTRAINT roles_app_id_env_id_slug_key UNIQUE (app_id, env_id, slug),
    CONSTRAINT roles_parent_id_fkey FOREIGN KEY (app_id, env_id, parent_id) REFERENCES roles (app_id, env_id, id)`,
  ),
  'CREATE INDEX roles_parent_id_idx ON roles (app_id, env_id, parent_id) WHERE parent_id IS NOT NULL',
  ...envTable(
    'role_permissions',
    `${idColumn('permission')},
    role_id text COLLATE "C" NOT NULL,
    action text COLLATE "C" NOT NULL,
    resource text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT role_permissions_pkey PRIMARY KEY (id),
    CONSTRAINT role_permissions_grant_key UNIQUE (app_id, env_id, role_id, action, resource),
    CONSTRAINT role_permissions_role_id_fkey FOREIGN KEY (app_id, env_id, role_id)
      REFERENCES roles (app_id, env_id, id) ON DELETE CASCADE`,
  ),
  ...envTable(
    'role_assignments',
    `${idColumn('role_assignment')},
    role_id text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    org_id text COLLATE "C",
    assigned_by text COLLATE "C",
    assigned_at timestamptz NOT NULL,
    CONSTRAINT role_assignments_pkey PRIMARY KEY (id),
    CONSTRAINT role_assignments_role_id_fkey FOREIGN KEY (app_id, env_id, role_id)
      REFERENCES roles (app_id, env_id, id) ON DELETE CASCADE,
    CONSTRAINT role_assignments_user_id_fkey FOREIGN KEY (app_id, env_id, user_id)
      REFERENCES users (app_id, env_id, id) ON DELETE CASCADE,
    CONSTRAINT role_assignments_org_id_fkey FOREIGN KEY (app_id, env_id, org_id, user_id)
      REFERENCES members (app_id, env_id, org_id, user_id) ON DELETE CASCADE`,
  ),
  `CREATE UNIQUE INDEX role_assignments_app_wide_idx ON role_assignments (app_id, env_id, user_id, role_id)
     WHERE org_id IS NULL`,
  `CREATE UNIQUE INDEX role_assignments_in_org_idx ON role_assignments (app_id, env_id, user_id, org_id, role_id)
     WHERE org_id IS NOT NULL`,
  'CREATE INDEX role_assignments_org_id_idx ON role_assignments (app_id, env_id, org_id, user_id) WHERE org_id IS NOT NULL',
  'CREATE INDEX role_assignments_role_id_idx ON role_assignments (app_id, env_id, role_id)',
  ...FIRST_ROLES.map(
    ([slug, name, parent], number) =>
      `INSERT INTO roles (app_id, env_id, id, parent_id, slug, name, description, system, version, created_at, updated_at)
       SELECT app_id, id, ${idFrom('arol', number)}, ${parent === null ? 'NULL' : idFrom('arol', numberOf(parent))},
         '${slug}', '${name}', NULL, true, 1, created_at, created_at
       FROM environments`,
  ),
  ...FIRST_GRANTS.map(
    ([slug, action, resource], number) =>
      `INSERT INTO role_permissions (app_id, env_id, id, role_id, action, resource, created_at)
       SELECT app_id, id, ${idFrom('aprm', number)}, ${idFrom('arol', numberOf(slug))}, '${action}', '${resource}', created_at
       FROM environments`,
  ),
];

const DOWN = ['DROP TABLE role_assignments', 'DROP TABLE role_permissions', 'DROP TABLE roles'];
