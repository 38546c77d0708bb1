import { Injectable } from '@nestjs/common';
import { csvLine } from '../http/responses/csv.js';
import { AuditTrail, type UserActor } from '../kernel/audit/audit-trail.js';
import type { EnvScope } from '../kernel/context/scope.js';
import { Database } from '../kernel/persistence/database.js';
import { BulkUsersService } from '../users/bulk-users.service.js';
import type { UserEntity } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';

const AT_ONCE = 1_000;
const EVERYBODY = { filter: {}, deleted: false, oldestFirst: true } as const;

/** A user as {@link fromAuthsome} reads one. */
export type ExportedUser = Readonly<Record<string, unknown>>;

/** Hands out every living user of an environment, a thousand at a time: memory stays flat however many there are. */
@Injectable()
export class UserExports {
  constructor(
    private readonly users: UsersService,
    private readonly bulk: BulkUsersService,
    private readonly database: Database,
    private readonly audit: AuditTrail,
  ) {}

  /** @param withHashes whether password hashes come along, for moving to another service. */
  async *everybody(scope: EnvScope, withHashes: boolean, actor: UserActor): AsyncGenerator<ExportedUser> {
    await this.record(scope, withHashes, actor);
    let cursor: string | undefined;
    do {
      const page = await this.users.search(scope, EVERYBODY, {
        limit: AT_ONCE,
        ...(cursor !== undefined && { cursor }),
      });
      const ids = page.items.map(({ id }) => id);
      const hashes = withHashes ? await this.bulk.passwordHashes(scope, ids) : undefined;
      for (const user of page.items) yield exported(user, hashes?.get(user.id));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }

  private record(scope: EnvScope, withHashes: boolean, actor: UserActor): Promise<void> {
    return this.database.transaction(() => {
      this.audit.record(scope, { action: 'admin.users.export', actor, metadata: { password_hashes: withHashes } });
      return Promise.resolve();
    });
  }
}

export const EXPORTED_COLUMNS = [
  'id',
  'email',
  'email_verified',
  'phone',
  'phone_verified',
  'username',
  'display_username',
  'first_name',
  'last_name',
  'image',
  'external_id',
  'metadata',
  'banned',
  'ban_reason',
  'created_at',
  'password_hash',
] as const;

function exported(user: UserEntity, hash: string | undefined): ExportedUser {
  return {
    id: user.id,
    email: user.email,
    email_verified: user.emailVerified,
    phone: user.phone,
    phone_verified: user.phoneVerified,
    username: user.username,
    display_username: user.displayUsername,
    first_name: user.firstName,
    last_name: user.lastName,
    image: user.image,
    external_id: user.externalId,
    metadata: user.metadata,
    banned: user.banned,
    ban_reason: user.banReason,
    created_at: user.createdAt.toISOString(),
    ...(hash !== undefined && { password_hash: hash }),
  };
}

export function toNdjson(user: ExportedUser): string {
  return `${JSON.stringify(user)}\n`;
}

export function csvHeader(): string {
  return csvLine(EXPORTED_COLUMNS);
}

export function toCsv(user: ExportedUser): string {
  return csvLine(EXPORTED_COLUMNS.map((column) => user[column]));
}
