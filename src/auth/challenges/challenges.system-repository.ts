import { Injectable } from '@nestjs/common';
import { columnsOf } from '../../kernel/persistence/columns.js';
import { Database } from '../../kernel/persistence/database.js';
import { statement } from '../../kernel/persistence/statement.js';
import { SystemRepository } from '../../kernel/persistence/system.repository.js';
import { ChallengeEntity, type ChallengePurpose } from './challenge.entity.js';

const BY_TOKEN = statement(
  'challenges.by_token',
  `SELECT ${columnsOf(ChallengeEntity, 'c')} FROM challenges c JOIN apps a ON a.id = c.app_id AND a.active
   WHERE c.token_hash = $1 AND c.purpose = $2 AND c.expires_at > $3`,
);
const PURGE = statement('challenges.purge', 'DELETE FROM challenges WHERE expires_at <= $1');

/** A mailed link names no tenant: its token finds one. */
@Injectable()
export class ChallengesSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  async anyTenantByToken(
    tokenHash: Buffer,
    purpose: ChallengePurpose,
    now: Date,
  ): Promise<ChallengeEntity | undefined> {
    return (await this.query<ChallengeEntity>(BY_TOKEN, [tokenHash, purpose, now])).rows[0];
  }

  async anyTenantPurge(now: Date): Promise<number> {
    return (await this.query(PURGE, [now])).count;
  }
}
