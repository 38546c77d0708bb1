import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { columnsOf } from '../../kernel/persistence/columns.js';
import { Database } from '../../kernel/persistence/database.js';
import { EnvScopedRepository, type Unscoped } from '../../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../../kernel/persistence/statement.js';
import { ChallengeEntity, type ChallengePurpose } from './challenge.entity.js';

const COLUMNS = columnsOf(ChallengeEntity);

const PUT = envStatement(
  'challenges.put',
  `INSERT INTO challenges (app_id, env_id, id, user_id, purpose, email, token_hash, code_mac, code_expires_at, attempts, expires_at, created_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11)
   ON CONFLICT ON CONSTRAINT challenges_user_id_purpose_key DO UPDATE SET id = $3, email = $6, token_hash = $7, code_mac = $8,
     code_expires_at = $9, attempts = 0, expires_at = $10, created_at = $11`,
);
const FIND = envStatement(
  'challenges.find',
  `SELECT ${COLUMNS} FROM challenges
   WHERE app_id = $1 AND env_id = $2 AND user_id = $3 AND purpose = $4 AND expires_at > $5`,
);
/** The guess is counted by the statement that allows it, so parallel guesses cannot overshoot the cap (R110). */
const GUESS = envStatement(
  'challenges.guess',
  `UPDATE challenges SET attempts = attempts + 1
   WHERE app_id = $1 AND env_id = $2 AND user_id = $3 AND purpose = $4 AND code_expires_at > $5 AND attempts < $6
   RETURNING ${COLUMNS}`,
);
const CONSUME = envStatement(
  'challenges.consume',
  `DELETE FROM challenges WHERE app_id = $1 AND env_id = $2 AND id = $3 AND expires_at > $4 RETURNING ${COLUMNS}`,
);
const DROP = envStatement(
  'challenges.drop',
  'DELETE FROM challenges WHERE app_id = $1 AND env_id = $2 AND user_id = $3 AND purpose = ANY ($4)',
);

@Injectable()
export class ChallengesRepository extends EnvScopedRepository<ChallengeEntity> {
  constructor(database: Database) {
    super(database, ChallengeEntity);
  }

  /** Stores a challenge in place of an earlier one for the same user and purpose. */
  async put(scope: EnvScope, challenge: Omit<Unscoped<ChallengeEntity>, 'attempts'>): Promise<void> {
    const { id, userId, purpose, email, tokenHash, codeMac, codeExpiresAt, expiresAt, createdAt } = challenge;
    const values = [id, userId, purpose, email, tokenHash, codeMac, codeExpiresAt, expiresAt, createdAt];
    await this.queryIn(scope, PUT, values);
  }

  async find(
    scope: EnvScope,
    userId: Id<'user'>,
    purpose: ChallengePurpose,
    now: Date,
  ): Promise<ChallengeEntity | undefined> {
    return (await this.queryIn<ChallengeEntity>(scope, FIND, [userId, purpose, now])).rows[0];
  }

  /** Counts one guess. @returns undefined when there is nothing to guess any more. */
  async guess(
    scope: EnvScope,
    userId: Id<'user'>,
    purpose: ChallengePurpose,
    now: Date,
    most: number,
  ): Promise<ChallengeEntity | undefined> {
    return (await this.queryIn<ChallengeEntity>(scope, GUESS, [userId, purpose, now, most])).rows[0];
  }

  /** @returns undefined when somebody else used it first. */
  async consume(scope: EnvScope, id: Id<'verification'>, now: Date): Promise<ChallengeEntity | undefined> {
    return (await this.queryIn<ChallengeEntity>(scope, CONSUME, [id, now])).rows[0];
  }

  async drop(scope: EnvScope, userId: Id<'user'>, purposes: readonly ChallengePurpose[]): Promise<void> {
    await this.queryIn(scope, DROP, [userId, purposes]);
  }
}
