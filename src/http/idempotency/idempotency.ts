import type { RequestState } from '../request-state.js';
import { createHash, createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../../config/config.js';
import { Clock } from '../../kernel/clock/clock.js';
import { KeyRing } from '../../kernel/crypto/key-ring.js';
import { SealedBox } from '../../kernel/crypto/sealed-box.js';
import { equalInConstantTime } from '../../kernel/crypto/token.js';
import { ServiceUnavailable } from '../../kernel/errors/common-problems.js';
import { Database } from '../../kernel/persistence/database.js';
import { DeferredUnit } from '../../kernel/persistence/deferred-unit.js';
import type { IdempotencyRecordEntity } from './idempotency-record.entity.js';
import { IdempotencyInProgress, IdempotencyKeyMalformed, IdempotencyKeyReused } from './idempotency.problems.js';
import { IdempotencySystemRepository } from './idempotency.system-repository.js';

const KEY = /^[\x21-\x7e]{8,255}$/;
/** Longer than any request may take, so that a claim never lapses under a living worker. */
const CLAIM_MS = 60_000;
/** Headers that are part of the answer; the rest belongs to the connection or is made anew. */
const KEPT_HEADERS = ['content-type', 'set-cookie', 'etag', 'location'] as const;

export interface StoredAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
}

/** A request that holds its key: its work is collected in `unit` and commits together with its stored answer. */
export interface IdempotentRequest {
  readonly id: Buffer;
  readonly claimedUntil: Date;
  readonly unit: DeferredUnit;
}

/** Thrown by the guard instead of running the handler: the answer is already known. */
export class Replay extends Error {
  constructor(readonly answer: StoredAnswer) {
    super('this request was answered before');
  }
}

/**
 * `Idempotency-Key` on every POST (draft-ietf-httpapi-idempotency-key-header): the same key with the same URL and body has one effect and
 * one answer, on every replica and after a crash; with another it is refused; another caller's key is another key.
 */
@Injectable()
export class Idempotency {
  constructor(
    private readonly repository: IdempotencySystemRepository,
    private readonly database: Database,
    private readonly keys: KeyRing,
    private readonly box: SealedBox,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /**
   * Claims the request's key, if it carries one.
   * @throws Replay with the stored answer; IdempotencyInProgress, IdempotencyKeyReused, IdempotencyKeyMalformed.
   */
  async begin(request: FastifyRequest): Promise<IdempotentRequest | undefined> {
    const key = request.headers['idempotency-key'];
    if (request.method !== 'POST' || key === undefined) return undefined;
    if (typeof key !== 'string' || !KEY.test(key)) throw new IdempotencyKeyMalformed();
    const id = recordId(request, key);
    // What the path and the query name is part of the request: banning one user is not banning another.
    const content = `${request.url}\n${JSON.stringify(request.body ?? null)}`;
    const fingerprint = this.fingerprint(content);
    const claimedUntil = this.clock.in(CLAIM_MS);
    const expiresAt = this.clock.in(this.config.retention.idempotencyMs);
    if (await this.repository.anyTenantClaim(id, fingerprint, this.clock.now(), claimedUntil, expiresAt)) {
      return { id, claimedUntil, unit: new DeferredUnit(this.database) };
    }
    throw this.alreadyKnown(await this.repository.anyTenantRead(id), content);
  }

  /**
   * Commits the request's work together with its answer; called with the serialised body, before it is sent.
   * @throws ServiceUnavailable when the work could not be committed: nothing of it happened.
   */
  async finish({ id, claimedUntil, unit }: IdempotentRequest, reply: FastifyReply, body: string): Promise<void> {
    const answer: StoredAnswer = { status: reply.statusCode, body, headers: keptHeaders(reply) };
    const sealed = this.box.seal(JSON.stringify(answer), place(id));
    await unit.commit(async () => {
      if (await this.repository.anyTenantFinish(id, claimedUntil, answer.status, sealed)) return;
      throw new ServiceUnavailable({ detail: 'the request took too long; repeat it with the same key' });
    });
  }

  /** Gives the key back after a refusal, keeping what the request recorded about it (failed attempts, audit). */
  async release({ id, claimedUntil, unit }: IdempotentRequest): Promise<void> {
    try {
      await unit.commit(() => this.repository.anyTenantRelease(id, claimedUntil));
    } finally {
      await unit.dispose();
    }
  }

  purge(): Promise<number> {
    return this.repository.anyTenantPurge(this.clock.now());
  }

  /** Keyed, because a body may hold a password and a plain hash of it could be searched (R308). */
  private fingerprint(content: string, keyId: string = this.keys.activeId): Buffer {
    return createHmac('sha256', this.keys.derive('idempotency', keyId) as Buffer)
      .update(content)
      .digest();
  }

  private alreadyKnown(record: IdempotencyRecordEntity | undefined, content: string): Error {
    if (record === undefined) return new IdempotencyInProgress({ extras: { retry_after: 1 } });
    const same = this.keys.ids.some((keyId) =>
      equalInConstantTime(record.fingerprint, this.fingerprint(content, keyId)),
    );
    if (!same) return new IdempotencyKeyReused();
    if (record.answer === null) return new IdempotencyInProgress({ extras: { retry_after: 1 } });
    return new Replay(JSON.parse(this.box.open(record.answer, place(record.id)).toString()) as StoredAnswer);
  }
}

function recordId(request: FastifyRequest, key: string): Buffer {
  const { principal, tenant } = request.authsome;
  const caller = callerOf(principal);
  const scope = tenant === undefined ? '' : `${tenant.scope.appId}/${tenant.scope.envId}`;
  return sha256([scope, caller, request.routeOptions.url ?? '', key].join('\0'));
}

function keptHeaders(reply: FastifyReply): Record<string, string | string[]> {
  return Object.fromEntries(
    KEPT_HEADERS.map((name) => [name, reply.getHeader(name)] as const).filter(
      (entry): entry is [(typeof KEPT_HEADERS)[number], string | string[]] => entry[1] !== undefined,
    ),
  );
}

function place(id: Buffer): string {
  return `idempotency_records/answer/${id.toString('hex')}`;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function callerOf(principal: RequestState['principal']): string {
  if (principal.kind === 'user') return principal.userId;
  return principal.kind === 'key' ? principal.keyId : '';
}
