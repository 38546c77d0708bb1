import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { parseScopeExpression } from '../http/access/scope-expression.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { KeyManager, KeyOwner, KeyResult } from '../keys-bridge/key-manager.js';
import { type ContractCase, contractCase } from './contract-case.js';

/** A key manager and a tenant whose keys it may make. */
export interface KeyManagerRig {
  readonly keyManager: KeyManager;
  readonly scope: EnvScope;
  /** Somebody of the tenant who may have keys. */
  readonly owner: KeyOwner;
  close(): Promise<void>;
}

export interface KeyManagerTraits {
  /** False for one that refuses everything by design. */
  readonly available: boolean;
}

const NOBODYS = 'akey_01jd3v3x6pe0p9m2s5f7q8w9ab';
const HOUR_MS = 3_600_000;

/** What every implementation of {@link KeyManager} must do, as far as its capabilities say. Free of any test runner: see `ContractCase`. */
export function keyManagerContract(make: () => Promise<KeyManagerRig>, traits: KeyManagerTraits): ContractCase[] {
  const contract = (name: string, check: (rig: KeyManagerRig) => Promise<void>): ContractCase =>
    contractCase(name, async () => {
      const rig = await make();
      try {
        await check(rig);
      } finally {
        await rig.close();
      }
    });
  const named = contract('has a name for logs and health, and says what it can do', ({ keyManager }) => {
    assert.match(keyManager.name, /^[a-z][a-z0-9-]*$/);
    for (const can of Object.values(keyManager.capabilities())) assert.equal(typeof can, 'boolean');
    return Promise.resolve();
  });
  return [named, ...(traits.available ? available(contract) : unavailable(contract))];
}

type Contract = (name: string, check: (rig: KeyManagerRig) => Promise<void>) => ContractCase;

function unavailable(contract: Contract): ContractCase[] {
  return [
    contract('refuses every operation with key_manager_not_available', async (rig) => {
      const { keyManager: keys, scope, owner } = rig;
      const operations: (() => unknown)[] = [
        () => keys.createKey(scope, { name: 'x', owner }),
        () => keys.validateKey('x'),
        () => keys.revokeKey(scope, NOBODYS),
        () => keys.rotateKey(scope, NOBODYS, { reason: 'manual' }),
        () => keys.suspendKey(scope, NOBODYS),
        () => keys.reactivateKey(scope, NOBODYS),
        () => keys.updateKey(scope, NOBODYS, {}),
        () => keys.getKey(scope, NOBODYS),
        () => keys.listKeys(scope, {}, { limit: 10, cursor: undefined }),
      ];
      for (const operation of operations) await refuses(operation, 'key_manager_not_available');
    }),
  ];
}

function available(contract: Contract): ContractCase[] {
  return [
    contract('makes keys that are told apart and open what they were made for', async (rig) => {
      const [first, second] = [await made(rig, ['read:things']), await made(rig, [])];
      assert.notEqual(first.rawKey, second.rawKey);
      assert.ok(first.rawKey.startsWith(first.start) && first.start.length < first.rawKey.length / 2);
      const found = await rig.keyManager.validateKey(first.rawKey, { scope: rig.scope });
      assert.equal(found.id, first.id);
      assert.equal(found.secret, 'current');
      assert.deepEqual(found.owner, rig.owner);
      assert.deepEqual(found.scope, rig.scope);
      assert.deepEqual(found.scopes, ['read:things']);
    }),
    contract('shows keys without their secrets, newest first', async (rig) => {
      const [first, second] = [await made(rig, []), await made(rig, [])];
      const { items } = await rig.keyManager.listKeys(rig.scope, { owner: rig.owner }, { limit: 2, cursor: undefined });
      assert.deepEqual(
        items.map(({ id }) => id),
        [second.id, first.id],
      );
      assert.ok(!JSON.stringify(items).includes(first.rawKey));
      assert.equal((await rig.keyManager.getKey(rig.scope, first.id)).lastFour, first.rawKey.slice(-4));
    }),
    contract('refuses a key that nobody was given, and operations on one that is not there', async (rig) => {
      const { keyManager: keys, scope } = rig;
      const { rawKey } = await made(rig, []);
      await refuses(() => keys.validateKey(randomBytes(32).toString('hex')), 'invalid_api_key');
      await refuses(() => keys.validateKey(rawKey.slice(0, -8) + 'AAAAAAAA'), 'invalid_api_key');
      await refuses(() => keys.getKey(scope, NOBODYS), 'key_not_found');
      await refuses(() => keys.revokeKey(scope, NOBODYS), 'key_not_found');
      await refuses(() => keys.rotateKey(scope, NOBODYS, { reason: 'manual' }), 'key_not_found');
    }),
    contract('revokes for good', async (rig) => {
      const { id, rawKey } = await made(rig, []);
      await rig.keyManager.revokeKey(rig.scope, id, 'lost');
      await refuses(() => rig.keyManager.validateKey(rawKey), 'invalid_api_key');
      await refuses(() => rig.keyManager.reactivateKey(rig.scope, id), 'key_state_conflict');
      assert.equal((await rig.keyManager.getKey(rig.scope, id)).state, 'revoked');
    }),
    contract('suspends and reactivates', async (rig) => {
      const { id, rawKey } = await made(rig, []);
      await rig.keyManager.suspendKey(rig.scope, id);
      await refuses(() => rig.keyManager.validateKey(rawKey), 'invalid_api_key');
      await rig.keyManager.reactivateKey(rig.scope, id);
      assert.equal((await rig.keyManager.validateKey(rawKey)).id, id);
    }),
    contract('rotates under the same id, with a grace where it can', async (rig) => {
      const { keyManager: keys, scope } = rig;
      const { id, rawKey } = await made(rig, []);
      const rotated = await keys.rotateKey(scope, id, { reason: 'manual', graceMs: HOUR_MS });
      assert.equal(rotated.id, id);
      assert.equal((await keys.validateKey(rotated.rawKey)).id, id);
      if (keys.capabilities().graceRotation) assert.equal((await keys.validateKey(rawKey)).secret, 'grace');
      const again = await keys.rotateKey(scope, id, { reason: 'compromise', graceMs: HOUR_MS });
      await refuses(() => keys.validateKey(rawKey), 'invalid_api_key');
      await refuses(() => keys.validateKey(rotated.rawKey), 'invalid_api_key');
      assert.equal((await keys.validateKey(again.rawKey)).id, id);
    }),
    contract('asks for scopes, and says which are missing', async (rig) => {
      const { rawKey } = await made(rig, ['read']);
      const needs = (text: string) => ({ requiredScopes: parseScopeExpression(text) });
      if (rig.keyManager.capabilities().hierarchicalScopes) {
        await rig.keyManager.validateKey(rawKey, needs('read:things AND (write OR read:others)'));
      }
      await rig.keyManager.validateKey(rawKey, needs('read'));
      await refuses(() => rig.keyManager.validateKey(rawKey, needs('write')), 'insufficient_scope');
    }),
    contract('changes what it is told to change', async (rig) => {
      const { keyManager: keys, scope } = rig;
      const { id, rawKey } = await made(rig, ['read']);
      const changed = await keys.updateKey(scope, id, { name: 'Renamed', scopes: ['write'] });
      assert.deepEqual([changed.name, changed.scopes], ['Renamed', ['write']]);
      assert.deepEqual((await keys.validateKey(rawKey)).scopes, ['write']);
    }),
    contract('lets no more pass than the limit, where it can', async (rig) => {
      if (!rig.keyManager.capabilities().limits) return;
      const { rawKey } = await made(rig, [], { limits: { perDay: 3 } });
      for (const remaining of [2, 1, 0]) {
        assert.equal((await rig.keyManager.validateKey(rawKey)).limits[0]?.remaining, remaining);
      }
      await refuses(() => rig.keyManager.validateKey(rawKey), 'rate_limited');
    }),
    contract('spends credits, where it can', async (rig) => {
      if (!rig.keyManager.capabilities().credits) return;
      const { rawKey } = await made(rig, [], { credits: { remaining: 5 } });
      assert.equal((await rig.keyManager.validateKey(rawKey, { cost: 3 })).creditsRemaining, 2);
      await refuses(() => rig.keyManager.validateKey(rawKey, { cost: 3 }), 'credits_exhausted');
    }),
    contract('keeps a key to where it may be used, where it can', async (rig) => {
      if (!rig.keyManager.capabilities().restrictions) return;
      const { rawKey } = await made(rig, [], { allow: { ips: ['192.0.2.0/24'], methods: ['GET'] } });
      await rig.keyManager.validateKey(rawKey, { ip: '192.0.2.7', method: 'GET' });
      await refuses(
        () => rig.keyManager.validateKey(rawKey, { ip: '198.51.100.7', method: 'GET' }),
        'key_not_allowed_here',
      );
      await refuses(
        () => rig.keyManager.validateKey(rawKey, { ip: '192.0.2.7', method: 'POST' }),
        'key_not_allowed_here',
      );
    }),
  ];
}

function made(
  { keyManager, scope, owner }: KeyManagerRig,
  scopes: readonly string[],
  more: object = {},
): Promise<KeyResult> {
  return keyManager.createKey(scope, { name: 'Contract', owner, scopes, ...more });
}

async function refuses(work: () => unknown, code: string): Promise<void> {
  await assert.rejects(
    async () => work(),
    (error: unknown) => (error as { code?: unknown }).code === code,
    `should be refused with ${code}`,
  );
}
