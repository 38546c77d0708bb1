import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What operators look users up by, and users who are deleted but can be restored. */
export class UserAdministration1770300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of UP) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const sql of DOWN) await runner.query(sql);
  }
}

const UP = [
  `ALTER TABLE users ADD COLUMN external_id text COLLATE "C", ADD COLUMN reset_required_at timestamptz,
     ADD COLUMN erased_at timestamptz`,
  // Until now, whoever was deleted was erased.
  'UPDATE users SET erased_at = deleted_at WHERE deleted_at IS NOT NULL',
  'CREATE UNIQUE INDEX users_external_id_idx ON users (app_id, env_id, external_id) WHERE external_id IS NOT NULL',
  'CREATE INDEX users_phone_idx ON users (app_id, env_id, phone) WHERE phone IS NOT NULL',
  'CREATE INDEX users_email_prefix_idx ON users (app_id, env_id, email text_pattern_ops)',
  'CREATE INDEX users_username_prefix_idx ON users (app_id, env_id, username text_pattern_ops)',
  'CREATE INDEX users_created_at_idx ON users (app_id, env_id, created_at)',
  'CREATE INDEX users_email_verified_idx ON users (app_id, env_id, email_verified, id) WHERE deleted_at IS NULL',
  'CREATE INDEX users_banned_idx ON users (app_id, env_id, id) WHERE banned',
  'CREATE INDEX users_deleted_idx ON users (app_id, env_id, id) WHERE deleted_at IS NOT NULL AND erased_at IS NULL',
  'CREATE INDEX users_metadata_idx ON users USING gin (metadata jsonb_path_ops)',
  // Containment is not leakproof, so below row policies it may use no index. This looks with its owner's eyes, asks the policies itself, and
  // is planned for each question: what few have is found by the index, what many have by going through the newest.
  `CREATE FUNCTION authsome_users_with(app text, env text, members jsonb) RETURNS SETOF text
   LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public ROWS 1000 AS $$
   BEGIN
     IF NOT public.authsome_reaches(app, env) THEN RETURN; END IF;
     RETURN QUERY EXECUTE 'SELECT id FROM public.users WHERE app_id = $1 AND env_id = $2 AND metadata @> $3 ORDER BY id DESC LIMIT 10000'
       USING app, env, members;
   END $$`,
];

const DOWN = [
  'DROP FUNCTION authsome_users_with(text, text, jsonb)',
  'DROP INDEX users_metadata_idx',
  'DROP INDEX users_deleted_idx',
  'DROP INDEX users_banned_idx',
  'DROP INDEX users_email_verified_idx',
  'DROP INDEX users_created_at_idx',
  'DROP INDEX users_username_prefix_idx',
  'DROP INDEX users_email_prefix_idx',
  'DROP INDEX users_phone_idx',
  'DROP INDEX users_external_id_idx',
  'ALTER TABLE users DROP COLUMN erased_at, DROP COLUMN reset_required_at, DROP COLUMN external_id',
];
