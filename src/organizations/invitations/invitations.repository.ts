import { Injectable } from '@nestjs/common';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { columnsOf } from '../../kernel/persistence/columns.js';
import { Database } from '../../kernel/persistence/database.js';
import { EnvScopedRepository } from '../../kernel/persistence/env-scoped.repository.js';
import { envStatement } from '../../kernel/persistence/statement.js';
import { InvitationEntity, type InvitationState } from './invitation.entity.js';
import { InvitationNotFound } from './invitations.problems.js';

const COLUMNS = columnsOf(InvitationEntity);

/** An expired one makes room for a new one to the same address. */
const REVOKE_EXPIRED = envStatement(
  'invitations.revoke_expired',
  `UPDATE invitations SET status = 'revoked', answered_at = $5, updated_at = $5
   WHERE app_id = $1 AND env_id = $2 AND org_id = $3 AND email = $4 AND status = 'pending' AND expires_at <= $5`,
);
const INSERT = envStatement(
  'invitations.insert',
  `INSERT INTO invitations (app_id, env_id, id, org_id, email, role, team_ids, secret_hash, inviter_id, status, expires_at, sent_at,
     created_at, updated_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'pending', $10, $11, $11, $11)
   ON CONFLICT (app_id, env_id, org_id, email) WHERE status = 'pending' DO NOTHING RETURNING ${COLUMNS}`,
);
/** Counting stops at the limit, whatever there is. */
const COUNT_PENDING = envStatement(
  'invitations.count_pending',
  `SELECT count(*)::integer AS count FROM (
     SELECT FROM invitations WHERE app_id = $1 AND env_id = $2 AND org_id = $3 AND status = 'pending' AND expires_at > $4 LIMIT $5) AS waiting`,
);
const PAGE = envStatement(
  'invitations.page',
  `SELECT ${COLUMNS} FROM invitations
   WHERE app_id = $1 AND env_id = $2 AND org_id = $3 AND ($4 = '' OR id < $4)
     AND ($5::text IS NULL OR CASE $5
       WHEN 'expired' THEN status = 'pending' AND expires_at <= $6
       WHEN 'pending' THEN status = 'pending' AND expires_at > $6
       ELSE status = $5 END)
   ORDER BY id DESC LIMIT $7`,
  { replanned: true },
);
/** The secret alone finds it: uses the unique key. */
const BY_SECRET = envStatement(
  'invitations.by_secret',
  `SELECT ${COLUMNS} FROM invitations
   WHERE app_id = $1 AND env_id = $2 AND secret_hash = $3 AND status = 'pending' AND expires_at > $4`,
);
const RENEW = envStatement(
  'invitations.renew',
  `UPDATE invitations SET secret_hash = $5, inviter_id = $6, expires_at = $7, sent_at = $8, updated_at = $8
   WHERE app_id = $1 AND env_id = $2 AND org_id = $3 AND id = $4 AND status = 'pending' RETURNING ${COLUMNS}`,
);
/** Of any number of answers at once one counts (R189). */
const ANSWER = envStatement(
  'invitations.answer',
  `UPDATE invitations SET status = $4, answered_at = $5, accepted_by = $6, updated_at = $5
   WHERE app_id = $1 AND env_id = $2 AND id = $3 AND status = 'pending' AND ($4 = 'revoked' OR expires_at > $5)`,
);
const DELETE_OF_PERSON = envStatement(
  'invitations.delete_of_person',
  'DELETE FROM invitations WHERE app_id = $1 AND env_id = $2 AND accepted_by = $3',
);

export const SHOWN_STATES = ['pending', 'accepted', 'declined', 'revoked', 'expired'] as const;
export type ShownState = (typeof SHOWN_STATES)[number];

export type NewInvitation = Pick<
  InvitationEntity,
  'id' | 'orgId' | 'email' | 'role' | 'teamIds' | 'secretHash' | 'inviterId' | 'expiresAt'
>;

@Injectable()
export class InvitationsRepository extends EnvScopedRepository<InvitationEntity> {
  constructor(database: Database) {
    super(database, InvitationEntity);
  }

  /** @returns undefined while another one to the address waits for an answer. */
  async insert(scope: EnvScope, invitation: NewInvitation, now: Date): Promise<InvitationEntity | undefined> {
    const { id, orgId, email, role, teamIds, secretHash, inviterId, expiresAt } = invitation;
    await this.queryIn(scope, REVOKE_EXPIRED, [orgId, email, now]);
    const values = [id, orgId, email, role, teamIds, secretHash, inviterId, expiresAt, now];
    return (await this.queryIn<InvitationEntity>(scope, INSERT, values)).rows[0];
  }

  /** How many wait for an answer; no more than `most` are counted. */
  async countPending(scope: EnvScope, orgId: Id<'organization'>, most: number, now: Date): Promise<number> {
    const { rows } = await this.queryIn<{ count: number }>(scope, COUNT_PENDING, [orgId, now, most]);
    return (rows[0] as { count: number }).count;
  }

  /** @throws InvitationNotFound */
  async get(scope: EnvScope, orgId: Id<'organization'>, id: Id<'invitation'>): Promise<InvitationEntity> {
    const invitation = await this.findOneIn(scope, { orgId, id });
    if (invitation === null) throw new InvitationNotFound();
    return invitation;
  }

  /** Newest first, older than `before` (empty: from the newest). */
  async page(
    scope: EnvScope,
    orgId: Id<'organization'>,
    state: ShownState | undefined,
    before: string,
    now: Date,
    limit: number,
  ): Promise<InvitationEntity[]> {
    return (await this.queryIn<InvitationEntity>(scope, PAGE, [orgId, before, state ?? null, now, limit])).rows;
  }

  /** One that can be answered. */
  async findBySecret(scope: EnvScope, secretHash: Buffer, now: Date): Promise<InvitationEntity | undefined> {
    return (await this.queryIn<InvitationEntity>(scope, BY_SECRET, [secretHash, now])).rows[0];
  }

  /** Gives one that waits another secret and time. @returns undefined when it does not wait. */
  async renew(
    scope: EnvScope,
    { orgId, id }: Pick<InvitationEntity, 'orgId' | 'id'>,
    { secretHash, inviterId, expiresAt }: Pick<InvitationEntity, 'secretHash' | 'inviterId' | 'expiresAt'>,
    now: Date,
  ): Promise<InvitationEntity | undefined> {
    const values = [orgId, id, secretHash, inviterId, expiresAt, now];
    return (await this.queryIn<InvitationEntity>(scope, RENEW, values)).rows[0];
  }

  /** @returns whether it was waiting. An expired one can only be revoked. */
  async answer(
    scope: EnvScope,
    id: Id<'invitation'>,
    state: Exclude<InvitationState, 'pending'>,
    acceptedBy: Id<'user'> | null,
    now: Date,
  ): Promise<boolean> {
    return (await this.queryIn(scope, ANSWER, [id, state, now, acceptedBy])).count === 1;
  }

  async deleteOfPerson(scope: EnvScope, userId: Id<'user'>): Promise<void> {
    await this.queryIn(scope, DELETE_OF_PERSON, [userId]);
  }
}
