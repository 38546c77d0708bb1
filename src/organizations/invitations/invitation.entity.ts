import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { MemberRole } from '../../http/access/memberships.js';
import type { Id } from '../../kernel/ids/id.js';

/** What is stored; one that waits past its time is shown as expired. */
export const INVITATION_STATES = ['pending', 'accepted', 'declined', 'revoked'] as const;
export type InvitationState = (typeof INVITATION_STATES)[number];

/** An address that was asked to join. Of the mailed secret only its hash is kept. */
@Entity('invitations')
@Unique('invitations_secret_hash_key', ['secretHash'])
@Index('invitations_org_id_idx', ['appId', 'envId', 'orgId', 'id'])
@Index('invitations_pending_idx', ['appId', 'envId', 'orgId', 'email'], {
  unique: true,
  where: "status = 'pending'",
})
@Index('invitations_accepted_by_idx', ['appId', 'envId', 'acceptedBy'], { where: 'accepted_by IS NOT NULL' })
export class InvitationEntity {
  @PrimaryColumn('text') id: Id<'invitation'>;
  @Column({ type: 'text', name: 'app_id', update: false }) appId: Id<'app'>;
  @Column({ type: 'text', name: 'env_id', update: false }) envId: Id<'environment'>;
  @Column({ type: 'text', name: 'org_id', update: false }) orgId: Id<'organization'>;
  @Column('text') email: string;
  @Column('text') role: MemberRole;
  /** Joined with the organization, as far as they still are. */
  @Column({ type: 'text', name: 'team_ids', array: true }) teamIds: Id<'team'>[];
  @Column({ type: 'bytea', name: 'secret_hash' }) secretHash: Buffer;
  /** Who answers for it: it grants no more than they could. Null when an operator invited. */
  @Column({ type: 'text', name: 'inviter_id', nullable: true }) inviterId: Id<'user'> | null;
  @Column('text') status: InvitationState;
  @Column({ type: 'timestamptz', name: 'expires_at' }) expiresAt: Date;
  @Column({ type: 'timestamptz', name: 'answered_at', nullable: true }) answeredAt: Date | null;
  @Column({ type: 'text', name: 'accepted_by', nullable: true }) acceptedBy: Id<'user'> | null;
  @Column({ type: 'timestamptz', name: 'sent_at' }) sentAt: Date;
  @Column({ type: 'timestamptz', name: 'created_at', update: false }) createdAt: Date;
  @Column({ type: 'timestamptz', name: 'updated_at' }) updatedAt: Date;
}
