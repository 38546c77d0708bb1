import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { RequestState } from '../http/request-state.js';
import { Clock } from '../kernel/clock/clock.js';
import { requestContext } from '../kernel/context/request-context.js';
import { defineProblem } from '../kernel/errors/problem.js';
import { BilledSubjects } from './billed-subjects.js';
import { Entitlements } from './entitlements/entitlements.js';
import type { Subject } from './ledger.js';
import { UsageRecorder } from './usage/usage-recorder.js';

export const NoBillingScope = defineProblem({
  code: 'no_scope',
  kind: 'internal',
  title: 'Nobody is there to be billed',
  detail:
    'usage and entitlements of nobody in particular were asked about: outside a request, or in one without a session',
});

/** What the seed’s `CheckEntitlement` answers. */
export interface AllowedOrNot {
  readonly allowed: boolean;
}

/**
 * The two-argument form of the Ledger bridge: who is billed is whoever the request at hand is for. For handlers of one’s own; everything in the
 * service itself names its subject.
 */
@Injectable()
export class RequestLedger {
  constructor(
    private readonly entitlements: Entitlements,
    private readonly recorder: UsageRecorder,
    private readonly subjects: BilledSubjects,
    private readonly clock: Clock,
  ) {}

  /**
   * Records usage of one’s own, in the transaction at hand if there is one. Each call counts: what may be repeated calls `UsageRecorder` with a key.
   * @param quantity whole units, at least 1. @throws NoBillingScope
   */
  async recordUsage(featureKey: string, quantity: number): Promise<void> {
    const subject = await this.subject();
    const usage = {
      subject,
      featureKey,
      quantity,
      source: 'request',
      idempotencyKey: randomUUID(),
      occurredAt: this.clock.now(),
      dimensions: {},
    };
    await this.recorder.record([usage]);
  }

  /** @throws NoBillingScope */
  async checkEntitlement(featureKey: string): Promise<AllowedOrNot> {
    const { allowed } = await this.entitlements.check(await this.subject(), featureKey);
    return { allowed };
  }

  private async subject(): Promise<Subject> {
    const request = requestContext.current();
    if (!(request instanceof RequestState) || request.principal.kind !== 'user') throw new NoBillingScope();
    const { scope, orgId, userId } = request.principal;
    return this.subjects.of(request.tenant?.scope ?? scope, { orgId, userId });
  }
}
