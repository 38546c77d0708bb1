import { Injectable, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { AuditTrail } from '../../kernel/audit/audit-trail.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { type BackgroundWorker, BackgroundWorkers } from '../../kernel/jobs/background-workers.js';
import { WakeLoop } from '../../kernel/jobs/wake-loop.js';
import { Logger } from '../../kernel/logging/logger.js';
import { Database } from '../../kernel/persistence/database.js';
import type { CachedKey } from '../key-cache.js';
import type { KeyRefusal } from '../key-rules.js';

const FLUSH_EVERY_MS = 60_000;
const HOUR_MS = 3_600_000;
const MOST_REMEMBERED = 100_000;

interface Noted {
  readonly action: 'api_key.refused' | 'api_key.grace_used';
  readonly scope: EnvScope;
  readonly keyId: string;
  readonly ownerId: string;
  readonly refusal?: KeyRefusal;
  count: number;
}

/**
 * Brings uses of keys into the audit trail that somebody should know of: refusals under their exact code, one entry per key, code and minute with
 * their number, and once an hour that a secret which was rotated out is still in use.
 */
@Injectable()
export class KeyAudit implements BackgroundWorker, OnModuleInit {
  #noted = new Map<string, Noted>();
  readonly #graceSaid = new LRUCache<string, number>({ max: MOST_REMEMBERED });
  readonly #loop = new WakeLoop(() => this.flush());

  constructor(
    private readonly audit: AuditTrail,
    private readonly workers: BackgroundWorkers,
    private readonly database: Database,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.workers.register(this);
  }

  refused({ scope, found }: CachedKey, refusal: KeyRefusal): void {
    const slot = `${found.id}/${refusal}`;
    const noted = this.#noted.get(slot);
    if (noted !== undefined) noted.count += 1;
    else if (this.#noted.size < MOST_REMEMBERED) {
      const { id: keyId, ownerId } = found;
      this.#noted.set(slot, { action: 'api_key.refused', scope, keyId, ownerId, refusal, count: 1 });
    }
  }

  graceUsed({ scope, found: { id: keyId, ownerId } }: CachedKey, nowMs: number): void {
    const saidAtMs = this.#graceSaid.get(keyId);
    if (saidAtMs !== undefined && nowMs - saidAtMs < HOUR_MS) return;
    this.#graceSaid.set(keyId, nowMs);
    this.#noted.set(`${keyId}/grace`, { action: 'api_key.grace_used', scope, keyId, ownerId, count: 1 });
  }

  start(): void {
    this.#loop.start(FLUSH_EVERY_MS);
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
    await this.flush();
  }

  drain(): Promise<void> {
    return this.flush();
  }

  private async flush(): Promise<void> {
    const noted = this.#noted;
    if (noted.size === 0) return;
    this.#noted = new Map();
    try {
      await this.database.independently(async () => {
        for (const entry of noted.values()) this.record(entry);
        return Promise.resolve();
      });
    } catch (error) {
      for (const [slot, entry] of noted) this.keep(slot, entry);
      this.logger.warn('api_keys.audit_not_written', { entries: noted.size, error });
    }
  }

  private record({ action, scope, keyId, ownerId, refusal, count }: Noted): void {
    this.audit.record(scope, {
      action,
      actor: { kind: 'key', id: keyId, ownerId },
      outcome: refusal === undefined ? 'success' : 'failure',
      target: { type: 'api_key', id: keyId },
      metadata: refusal === undefined ? {} : { code: refusal, count },
    });
  }

  private keep(slot: string, entry: Noted): void {
    const since = this.#noted.get(slot);
    if (since === undefined) this.#noted.set(slot, entry);
    else since.count += entry.count;
  }
}
