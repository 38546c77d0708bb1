import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { FEATURES, METERS } from '../billing-bridge/feature-keys.js';
import { type Ledger, type Subject, type Usage, UsageRefused } from '../billing-bridge/ledger.js';
import { scopeTo } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { type ContractCase, contractCase } from './contract-case.js';

/** A ledger and the other side of it. */
export interface LedgerRig {
  readonly ledger: Ledger;
  /** Somebody to bill whom nobody has billed before; each call another one, of another app. Default: made up. */
  subject?(): Promise<Subject>;
  /** The time by the ledger’s clock. Default: the host’s. */
  now?(): Date;
  /** Units that were counted for a subject. Needed where `counts`. */
  counted?(subject: Subject, featureKey: string): Promise<number>;
  /** Gives a subject a plan that holds these features and no other. Needed where `gates`. */
  allow?(subject: Subject, featureKeys: readonly string[]): Promise<void>;
  /** From now on the other side answers nothing but errors. Needed where `remote`. */
  breakDown?(): Promise<void>;
  close(): Promise<void>;
}

export interface LedgerTraits {
  /** False for a ledger that drops usage by design. */
  readonly counts: boolean;
  /** Whether plans withhold anything. */
  readonly gates: boolean;
  /** Whether there is another side that can fail. */
  readonly remote: boolean;
}

const COUNTED = METERS[1];
const DAY_MS = 86_400_000;

/** What every implementation of {@link Ledger} must do. Free of any test runner: see `ContractCase`. */
export function ledgerContract(make: () => Promise<LedgerRig>, traits: LedgerTraits): ContractCase[] {
  const contract = (name: string, check: (rig: Whole) => Promise<void>): ContractCase =>
    contractCase(name, async () => {
      const rig = await make();
      try {
        await check(new Whole(rig));
      } finally {
        await rig.close();
      }
    });
  return [
    contract('has a name for logs and health', async ({ ledger }) => {
      assert.match(ledger.name, /^[a-z][a-z0-9-]*$/);
      assert.equal(typeof ledger.transactional, 'boolean');
    }),
    contract('answers for each of the service’s own features, and for one that nobody knows', async (rig) => {
      const subject = await rig.subject();
      for (const key of [...FEATURES, 'nobody.knows.this']) {
        const answer = await rig.ledger.checkEntitlement(subject, key);
        assert.equal(answer.featureKey, key);
        assert.equal(typeof answer.allowed, 'boolean');
      }
    }),
    contract('answers several questions in the order they were asked', async (rig) => {
      const keys = [...FEATURES].reverse();
      const answers = await rig.ledger.checkEntitlements(await rig.subject(), keys);
      assert.deepEqual(
        answers.map(({ featureKey }) => featureKey),
        keys,
      );
    }),
    contract('only asks: a check counts nothing', async (rig) => {
      const subject = await rig.subject();
      for (let n = 0; n < 3; n += 1) await rig.ledger.checkEntitlement(subject, COUNTED);
      if (traits.counts) assert.equal(await rig.counted(subject, COUNTED), 0);
    }),
    contract('takes usage of every key of the service’s own', async (rig) => {
      const subject = await rig.subject();
      await rig.ledger.recordUsage(METERS.map((featureKey) => rig.usage(subject, { featureKey })));
    }),
    contract('takes nothing at all, too', async ({ ledger }) => {
      await ledger.recordUsage([]);
    }),
    contract('says how it is without failing', async ({ ledger }) => {
      assert.equal((await ledger.health()).healthy, true);
    }),
    ...(traits.counts ? counting(contract) : []),
    ...(traits.gates ? gating(contract) : []),
    ...(traits.remote ? failing(contract) : []),
  ];
}

type Contract = (name: string, check: (rig: Whole) => Promise<void>) => ContractCase;

function counting(contract: Contract): ContractCase[] {
  return [
    contract('counts units, of many records at once', async (rig) => {
      const subject = await rig.subject();
      await rig.ledger.recordUsage([2, 3, 5].map((quantity) => rig.usage(subject, { quantity })));
      assert.equal(await rig.counted(subject, COUNTED), 10);
    }),
    contract('counts the same key of the same source once, in one batch and in two', async (rig) => {
      const subject = await rig.subject();
      const usage = rig.usage(subject);
      await rig.ledger.recordUsage([usage, usage]);
      await rig.ledger.recordUsage([usage]);
      assert.equal(await rig.counted(subject, COUNTED), 1);
    }),
    contract('counts the same key of another source as another event', async (rig) => {
      const subject = await rig.subject();
      const usage = rig.usage(subject);
      await rig.ledger.recordUsage([usage, { ...usage, source: 'elsewhere' }]);
      assert.equal(await rig.counted(subject, COUNTED), 2);
    }),
    contract('keeps tenants apart, also under the same key', async (rig) => {
      const [a, b] = [await rig.subject(), await rig.subject()];
      const usage = rig.usage(a);
      await rig.ledger.recordUsage([usage, { ...usage, subject: b, quantity: 4 }]);
      assert.deepEqual([await rig.counted(a, COUNTED), await rig.counted(b, COUNTED)], [1, 4]);
    }),
    contract('refuses by name what can never be taken, and takes the rest of the batch', async (rig) => {
      const subject = await rig.subject();
      const [good, old] = [
        rig.usage(subject),
        rig.usage(subject, { occurredAt: new Date(rig.now().getTime() - 40 * DAY_MS) }),
      ];
      await assert.rejects(rig.ledger.recordUsage([old, good]), (error: unknown) => {
        assert.ok(error instanceof UsageRefused, 'the refusal is no UsageRefused');
        assert.deepEqual(error.idempotencyKeys, [old.idempotencyKey]);
        return true;
      });
      assert.equal(await rig.counted(subject, COUNTED), 1);
    }),
  ];
}

function gating(contract: Contract): ContractCase[] {
  return [
    contract('allows what the plan holds and denies what it does not, with the reason', async (rig) => {
      const subject = await rig.subject();
      await rig.allow(subject, ['authsome.feature.sso']);
      const held = await rig.ledger.checkEntitlement(subject, 'authsome.feature.sso');
      assert.equal(held.allowed, true);
      const other = await rig.ledger.checkEntitlement(subject, 'authsome.feature.orgs');
      assert.deepEqual([other.allowed, other.reason], [false, 'feature_not_in_plan']);
    }),
    contract('keeps the plans of tenants apart', async (rig) => {
      const [a, b] = [await rig.subject(), await rig.subject()];
      await rig.allow(a, ['authsome.feature.sso']);
      await rig.allow(b, ['authsome.feature.orgs']);
      const answers = await Promise.all(
        [a, b].map((subject) => rig.ledger.checkEntitlement(subject, 'authsome.feature.sso')),
      );
      assert.deepEqual(
        answers.map(({ allowed }) => allowed),
        [true, false],
      );
    }),
  ];
}

function failing(contract: Contract): ContractCase[] {
  return [
    contract(
      'fails instead of guessing while the other side is down, and says so when asked how it is',
      async (rig) => {
        const subject = await rig.subject();
        await rig.breakDown();
        await assert.rejects(rig.ledger.checkEntitlement(subject, 'authsome.feature.sso'));
        await assert.rejects(rig.ledger.recordUsage([rig.usage(subject)]), (error: unknown) => {
          assert.ok(
            !(error instanceof UsageRefused),
            'an outage must not be taken for a refusal: the usage would be lost',
          );
          return true;
        });
        assert.equal((await rig.ledger.health()).healthy, false);
      },
    ),
  ];
}

/** A rig with everything filled in that it leaves out. */
class Whole {
  readonly ledger: Ledger;

  constructor(private readonly rig: LedgerRig) {
    this.ledger = rig.ledger;
  }

  now(): Date {
    return this.rig.now?.() ?? new Date();
  }

  subject(): Promise<Subject> {
    return this.rig.subject?.() ?? Promise.resolve(anybody());
  }

  usage(subject: Subject, more: Partial<Usage> = {}): Usage {
    return {
      subject,
      featureKey: COUNTED,
      quantity: 1,
      source: 'contract',
      idempotencyKey: randomUUID(),
      occurredAt: this.now(),
      dimensions: {},
      ...more,
    };
  }

  counted(subject: Subject, featureKey: string): Promise<number> {
    return needed(this.rig.counted, 'counted').call(this.rig, subject, featureKey);
  }

  allow(subject: Subject, featureKeys: readonly string[]): Promise<void> {
    return needed(this.rig.allow, 'allow').call(this.rig, subject, featureKeys);
  }

  breakDown(): Promise<void> {
    return needed(this.rig.breakDown, 'breakDown').call(this.rig);
  }
}

function needed<Method>(method: Method | undefined, name: string): Method {
  if (method === undefined) throw new Error(`the rig needs ${name}() for the traits it claims`);
  return method;
}

/** The app of a tenant that there is nowhere. */
function anybody(): Subject {
  const suffix = randomBytes(13).toString('hex');
  const appId = `aapp_${suffix}` as Id<'app'>;
  return { scope: scopeTo.env(appId, `aenv_${suffix}` as Id<'environment'>), key: `app:${appId}` };
}
