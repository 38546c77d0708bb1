import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { requestContext } from '../context/request-context.js';
import type { AppScope, EnvScope } from '../context/scope.js';
import { KeyRing } from '../crypto/key-ring.js';
import { IdGenerator, type Id } from '../ids/id.js';
import { Database } from '../persistence/database.js';
import type { FieldChanges } from './field-changes.js';
import { PERSONAL_PURPOSE, personalMac } from './personal-mac.js';
import { AUDIT_ENTRIES } from './audit-entry.entity.js';

export interface UserActor {
  readonly kind: 'user';
  readonly id: Id<'user'>;
  readonly sessionId?: Id<'session'>;
  /** The operator who acts as the user. */
  readonly impersonatedBy?: Id<'user'>;
}

/** A machine that called with an API key. */
export interface KeyActor {
  readonly kind: 'key';
  readonly id: string;
  /** Whose key it is. */
  readonly ownerId: string;
}

/** Who acts. `anonymous` is a caller who has not proved anything (yet); `system` is the service itself. */
export type Actor = UserActor | KeyActor | { readonly kind: 'anonymous' } | { readonly kind: 'system' };

/** For payloads of events: the person who administers; none of a machine. */
export const administeredBy = (actor: Actor): { admin_id?: Id<'user'> } =>
  actor.kind === 'user' ? { admin_id: actor.id } : {};

export const SYSTEM_ACTOR: Actor = { kind: 'system' };
export const ANONYMOUS: Actor = { kind: 'anonymous' };

export interface AuditRecord {
  /** `<noun>.<verb>`, as documented in docs/security.md. */
  readonly action: string;
  readonly actor: Actor;
  /** Default: success. */
  readonly outcome?: 'success' | 'failure';
  readonly target?: { readonly type: string; readonly id: string };
  /** Non-personal, non-secret details. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Which fields changed, from what to what. Goes when a person is erased whom the entry concerns; secrets never come in. */
  readonly changes?: FieldChanges;
}

/** Writes audit entries in the transaction of the change; a change that cannot be audited does not happen. */
@Injectable()
export class AuditTrail {
  constructor(
    private readonly database: Database,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
    private readonly keys: KeyRing,
  ) {}

  /** @throws Error outside a transaction. */
  record(scope: AppScope | EnvScope, record: AuditRecord): void {
    const request = requestContext.current();
    const { actor, target } = record;
    // What the service does by itself is done from nowhere: the request that led to it may be somebody else's (R294, R296).
    const from = actor.kind === 'system' ? undefined : request;
    const id = this.ids.next('audit_entry');
    const personal = {
      ...(from?.ipAddress === undefined ? {} : { ip_address: from.ipAddress }),
      ...(from?.userAgent === undefined ? {} : { user_agent: from.userAgent }),
      ...(record.changes === undefined ? {} : { changes: record.changes }),
    };
    const mac = personalMac(this.keys.deriveActive(PERSONAL_PURPOSE), id, personal);
    this.database.defer(AUDIT_ENTRIES, {
      id,
      occurred_at: this.clock.now().toISOString(),
      app_id: scope.appId,
      env_id: 'envId' in scope ? scope.envId : null,
      action: record.action,
      outcome: record.outcome ?? 'success',
      actor_kind: actor.kind,
      actor_id: actor.kind === 'user' || actor.kind === 'key' ? actor.id : null,
      session_id: (actor.kind === 'user' && actor.sessionId) || null,
      target_type: target?.type ?? null,
      target_id: target?.id ?? null,
      request_id: request?.requestId ?? null,
      metadata: {
        ...record.metadata,
        ...impersonatorOf(actor),
        ...(actor.kind === 'key' && { key_owner: actor.ownerId }),
      },
      personal,
      personal_mac: `\\x${mac.toString('hex')}`,
    });
  }
}

/** Both people are in the entry: whose account acted, and who sat in front of it (R291). */
function impersonatorOf(actor: Actor): { impersonated_by?: Id<'user'> } {
  return actor.kind === 'user' && actor.impersonatedBy !== undefined ? { impersonated_by: actor.impersonatedBy } : {};
}
