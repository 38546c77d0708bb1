import type { MigrationInterface, QueryRunner } from 'typeorm';
import { envTable, idColumn } from './table-parts.js';

/** Organizations with their members, invitations and teams, and settings of their own. */
export class Organizations1770700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of UP) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const sql of DOWN) await runner.query(sql);
  }
}

const ROLES = `('owner', 'admin', 'member')`;

const SETTING_TABLES = ['setting_values', 'setting_changes'];

const settingPlace = (table: string): string[] => [
  `ALTER TABLE ${table} ADD COLUMN org_id text COLLATE "C"`,
  `ALTER TABLE ${table} DROP CONSTRAINT ${table}_place_check, ADD CONSTRAINT ${table}_place_check CHECK (
    CASE scope
      WHEN 'global' THEN scope_id = '' AND app_id IS NULL AND env_id IS NULL AND org_id IS NULL AND user_id IS NULL
      WHEN 'app' THEN scope_id = app_id AND env_id IS NULL AND org_id IS NULL AND user_id IS NULL
      WHEN 'environment' THEN app_id IS NOT NULL AND scope_id = env_id AND org_id IS NULL AND user_id IS NULL
      WHEN 'organization' THEN app_id IS NOT NULL AND env_id IS NOT NULL AND scope_id = org_id AND user_id IS NULL
      WHEN 'user' THEN app_id IS NOT NULL AND env_id IS NOT NULL AND org_id IS NULL AND scope_id = user_id
      ELSE false END)`,
  `ALTER TABLE ${table} ADD CONSTRAINT ${table}_org_id_fkey FOREIGN KEY (app_id, env_id, org_id)
     REFERENCES organizations (app_id, env_id, id) ON DELETE CASCADE`,
];

const withoutSettingPlace = (table: string): string[] => [
  `DELETE FROM ${table} WHERE scope = 'organization'`,
  `ALTER TABLE ${table} DROP CONSTRAINT ${table}_org_id_fkey, DROP CONSTRAINT ${table}_place_check`,
  `ALTER TABLE ${table} DROP COLUMN org_id, ADD CONSTRAINT ${table}_place_check CHECK (
    CASE scope
      WHEN 'global' THEN scope_id = '' AND app_id IS NULL AND env_id IS NULL AND user_id IS NULL
      WHEN 'app' THEN scope_id = app_id AND env_id IS NULL AND user_id IS NULL
      WHEN 'environment' THEN app_id IS NOT NULL AND scope_id = env_id AND user_id IS NULL
      WHEN 'user' THEN app_id IS NOT NULL AND env_id IS NOT NULL AND scope_id = user_id
      ELSE false END)`,
];

const UP = [
  ...envTable(
    'organizations',
    `${idColumn('organization')},
    name text NOT NULL,
    slug text COLLATE "C" NOT NULL,
    logo text,
    description text,
    metadata jsonb NOT NULL,
    active boolean NOT NULL,
    member_count integer NOT NULL CONSTRAINT organizations_member_count_check CHECK (member_count >= 0),
    created_by text COLLATE "C",
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT organizations_pkey PRIMARY KEY (id),
    CONSTRAINT organizations_app_id_env_id_id_key UNIQUE (app_id, env_id, id),
    CONSTRAINT organizations_app_id_env_id_slug_key UNIQUE (app_id, env_id, slug)`,
  ),
  'CREATE INDEX organizations_created_by_idx ON organizations (app_id, env_id, created_by)',
  ...envTable(
    'organization_domains',
    `org_id text COLLATE "C" NOT NULL,
    domain text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT organization_domains_pkey PRIMARY KEY (app_id, env_id, domain),
    CONSTRAINT organization_domains_org_id_fkey FOREIGN KEY (app_id, env_id, org_id)
      REFERENCES organizations (app_id, env_id, id) ON DELETE CASCADE`,
  ),
  'CREATE INDEX organization_domains_org_id_idx ON organization_domains (app_id, env_id, org_id)',
  ...envTable(
    'members',
    `${idColumn('member')},
    org_id text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    role text NOT NULL CONSTRAINT members_role_check CHECK (role IN ${ROLES}),
    joined_at timestamptz NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT members_pkey PRIMARY KEY (id),
    CONSTRAINT members_app_id_env_id_org_id_id_key UNIQUE (app_id, env_id, org_id, id),
    CONSTRAINT members_app_id_env_id_org_id_user_id_key UNIQUE (app_id, env_id, org_id, user_id),
    CONSTRAINT members_org_id_fkey FOREIGN KEY (app_id, env_id, org_id)
      REFERENCES organizations (app_id, env_id, id) ON DELETE CASCADE,
    CONSTRAINT members_user_id_fkey FOREIGN KEY (app_id, env_id, user_id)
      REFERENCES users (app_id, env_id, id) ON DELETE CASCADE`,
  ),
  'CREATE INDEX members_user_id_idx ON members (app_id, env_id, user_id, id)',
  `CREATE INDEX members_owners_idx ON members (app_id, env_id, org_id) WHERE role = 'owner'`,
  // Seats are counted where rows come and go, whichever way: a count of all would cost more the more there are.
  `CREATE FUNCTION authsome_count_members() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
   BEGIN
     IF TG_OP = 'INSERT' THEN
       UPDATE public.organizations SET member_count = member_count + 1
       WHERE app_id = NEW.app_id AND env_id = NEW.env_id AND id = NEW.org_id;
     ELSE
       UPDATE public.organizations SET member_count = member_count - 1
       WHERE app_id = OLD.app_id AND env_id = OLD.env_id AND id = OLD.org_id;
     END IF;
     RETURN NULL;
   END $$`,
  `CREATE TRIGGER members_count AFTER INSERT OR DELETE ON members
     FOR EACH ROW EXECUTE FUNCTION authsome_count_members()`,
  ...envTable(
    'invitations',
    `${idColumn('invitation')},
    org_id text COLLATE "C" NOT NULL,
    email text NOT NULL,
    role text NOT NULL CONSTRAINT invitations_role_check CHECK (role IN ${ROLES}),
    team_ids text[] NOT NULL,
    secret_hash bytea NOT NULL,
    inviter_id text COLLATE "C",
    status text NOT NULL CONSTRAINT invitations_status_check
      CHECK (status IN ('pending', 'accepted', 'declined', 'revoked')),
    expires_at timestamptz NOT NULL,
    answered_at timestamptz,
    accepted_by text COLLATE "C",
    sent_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT invitations_pkey PRIMARY KEY (id),
    CONSTRAINT invitations_secret_hash_key UNIQUE (secret_hash),
    CONSTRAINT invitations_org_id_fkey FOREIGN KEY (app_id, env_id, org_id)
      REFERENCES organizations (app_id, env_id, id) ON DELETE CASCADE`,
  ),
  'CREATE INDEX invitations_org_id_idx ON invitations (app_id, env_id, org_id, id)',
  // One invitation at a time for an address, whatever happens at once.
  `CREATE UNIQUE INDEX invitations_pending_idx ON invitations (app_id, env_id, org_id, email) WHERE status = 'pending'`,
  'CREATE INDEX invitations_accepted_by_idx ON invitations (app_id, env_id, accepted_by) WHERE accepted_by IS NOT NULL',
  ...envTable(
    'teams',
    `${idColumn('team')},
    org_id text COLLATE "C" NOT NULL,
    parent_id text COLLATE "C",
    name text NOT NULL,
    slug text COLLATE "C" NOT NULL,
    description text,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT teams_pkey PRIMARY KEY (id),
    CONSTRAINT teams_app_id_env_id_org_id_id_key UNIQUE (app_id, env_id, org_id, id),
    CONSTRAINT teams_app_id_env_id_org_id_slug_key UNIQUE (app_id, env_id, org_id, slug),
    CONSTRAINT teams_org_id_fkey FOREIGN KEY (app_id, env_id, org_id)
      REFERENCES organizations (app_id, env_id, id) ON DELETE CASCADE,
    CONSTRAINT teams_parent_id_fkey FOREIGN KEY (app_id, env_id, org_id, parent_id)
      REFERENCES teams (app_id, env_id, org_id, id)`,
  ),
  'CREATE INDEX teams_parent_id_idx ON teams (app_id, env_id, org_id, parent_id) WHERE parent_id IS NOT NULL',
  ...envTable(
    'team_members',
    `org_id text COLLATE "C" NOT NULL,
    team_id text COLLATE "C" NOT NULL,
    member_id text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT team_members_pkey PRIMARY KEY (app_id, env_id, org_id, team_id, member_id),
    CONSTRAINT team_members_team_id_fkey FOREIGN KEY (app_id, env_id, org_id, team_id)
      REFERENCES teams (app_id, env_id, org_id, id) ON DELETE CASCADE,
    CONSTRAINT team_members_member_id_fkey FOREIGN KEY (app_id, env_id, org_id, member_id)
      REFERENCES members (app_id, env_id, org_id, id) ON DELETE CASCADE`,
  ),
  'CREATE INDEX team_members_member_id_idx ON team_members (app_id, env_id, org_id, member_id)',
  ...SETTING_TABLES.flatMap(settingPlace),
];

const DOWN = [
  ...SETTING_TABLES.flatMap(withoutSettingPlace),
  'DROP TABLE team_members',
  'DROP TABLE teams',
  'DROP TABLE invitations',
  'DROP TABLE members',
  'DROP FUNCTION authsome_count_members()',
  'DROP TABLE organization_domains',
  'DROP TABLE organizations',
  'UPDATE sessions SET org_id = NULL',
];
