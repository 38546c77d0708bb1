import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When a secret was first reported as leaked: whoever owns the key is told once, however often a scanner finds it. */
export class LeakedKeys1771300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE api_key_secrets ADD COLUMN leaked_at timestamptz');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE api_key_secrets DROP COLUMN leaked_at');
  }
}
