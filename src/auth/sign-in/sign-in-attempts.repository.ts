import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../../kernel/context/scope.js';
import { Database } from '../../kernel/persistence/database.js';
import type { DeferredTable } from '../../kernel/persistence/deferred-writes.js';
import { EnvScopedRepository } from '../../kernel/persistence/env-scoped.repository.js';
import { envStatement, statement } from '../../kernel/persistence/statement.js';
import { SystemRepository } from '../../kernel/persistence/system.repository.js';
import { SignInAttemptsEntity } from './sign-in-attempts.entity.js';

/** Every number of the lockout, from the configuration. */
export interface LockoutRules {
  readonly failures: { readonly count: number; readonly windowMs: number };
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  readonly mostFailures: number;
}

/** A lock is forgotten after a day without a try. */
export const FORGOTTEN_AFTER_MS = 86_400_000;

/**
 * Counts an attempt as failed before its password is looked at, in the statement that allows it: however many run at once, no more than the
 * limit reach the check (R157). From the limit on each one sets a wait that doubles. A success deletes the row.
 */
const BEGIN = envStatement(
  'sign_in_attempts.begin',
  `INSERT INTO sign_in_attempts AS a (app_id, env_id, key, failures, last_failed_at, blocked_until)
   VALUES ($1, $2, $3, 1, $4, CASE WHEN $7 <= 1 THEN $4::timestamptz + $8 * interval '1 millisecond' END)
   ON CONFLICT (key) DO UPDATE SET
     failures = CASE WHEN (a.failures < $7 AND a.last_failed_at <= $5) OR a.last_failed_at <= $6 THEN 1 ELSE a.failures + 1 END,
     last_failed_at = $4,
     blocked_until = CASE
       WHEN (a.failures < $7 AND a.last_failed_at <= $5) OR a.last_failed_at <= $6 OR a.failures + 1 < $7 THEN NULL
       ELSE $4::timestamptz + least($8 * power(2, least(a.failures + 1 - $7, 30)), $9) * interval '1 millisecond' END
   WHERE a.app_id = $1 AND a.env_id = $2 AND (a.blocked_until IS NULL OR a.blocked_until <= $4) AND (a.failures < $10 OR a.last_failed_at <= $6)
   RETURNING failures`,
);
const READ = envStatement(
  'sign_in_attempts.read',
  `SELECT failures, blocked_until AS "blockedUntil", last_failed_at AS "lastFailedAt"
   FROM sign_in_attempts WHERE app_id = $1 AND env_id = $2 AND key = $3`,
);
const CLEAR = envStatement(
  'sign_in_attempts.clear',
  'DELETE FROM sign_in_attempts WHERE app_id = $1 AND env_id = $2 AND key = $3',
);
const BY_KEY: DeferredTable = {
  name: 'sign_in_attempts',
  columns: { app_id: 'text', env_id: 'text', key: 'bytea' },
};
const PURGE = statement('sign_in_attempts.purge', 'DELETE FROM sign_in_attempts WHERE last_failed_at <= $1');

export type AttemptState = Pick<SignInAttemptsEntity, 'failures' | 'blockedUntil' | 'lastFailedAt'>;

@Injectable()
export class SignInAttemptsRepository extends EnvScopedRepository<SignInAttemptsEntity> {
  constructor(database: Database) {
    super(database, SignInAttemptsEntity);
  }

  /** @returns how many failures there are, this attempt included; undefined when no attempt is allowed now. */
  async begin(scope: EnvScope, key: Buffer, rules: LockoutRules, now: Date): Promise<number | undefined> {
    const begun = await this.queryIn<{ failures: number }>(scope, BEGIN, [
      key,
      now,
      new Date(now.getTime() - rules.failures.windowMs),
      new Date(now.getTime() - FORGOTTEN_AFTER_MS),
      rules.failures.count,
      rules.firstDelayMs,
      rules.longestDelayMs,
      rules.mostFailures,
    ]);
    return begun.rows[0]?.failures;
  }

  async read(scope: EnvScope, key: Buffer): Promise<AttemptState | undefined> {
    return (await this.queryIn<AttemptState>(scope, READ, [key])).rows[0];
  }

  async clear(scope: EnvScope, key: Buffer): Promise<void> {
    await this.queryIn(scope, CLEAR, [key]);
  }

  /** As {@link clear}, with the transaction that the success leads to. */
  clearWithChange(scope: EnvScope, key: Buffer): void {
    this.deleteWithChangeIn(scope, BY_KEY, { key: `\\x${key.toString('hex')}` });
  }
}

@Injectable()
export class SignInAttemptsSystemRepository extends SystemRepository {
  constructor(database: Database) {
    super(database);
  }

  async anyTenantPurge(before: Date): Promise<number> {
    return (await this.query(PURGE, [before])).count;
  }
}
