import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { parseScopeExpression } from '../../../src/http/access/scope-expression.js';
import { Secret } from '../../../src/kernel/crypto/secret.js';
import { IdGenerator } from '../../../src/kernel/ids/id.js';
import { Cursors } from '../../../src/kernel/persistence/page.js';
import type { CreateKeyInput, KeyResult, ValidateOptions } from '../../../src/keys-bridge/key-manager.js';
import { StoredUnkeyKeys } from '../../../src/keys-bridge/unkey/stored-unkey-keys.js';
import { UnkeyKeysRepository } from '../../../src/keys-bridge/unkey/unkey-keys.repository.js';
import { UnkeyKeyManager, type UnkeyOptions } from '../../../src/keys-bridge/unkey/unkey.key-manager.js';
import { FakeUnkey } from '../../support/fake-unkey.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const owner = { kind: 'user', id: 'ausr_01jd3v3x6pe0p9m2s5f7q8w9ab' } as const;
const needs = (text: string): ValidateOptions => ({ requiredScopes: parseScopeExpression(text) });
const problem = (code: string): object => expect.objectContaining({ code }) as object;

describe('keys that Unkey keeps', () => {
  let app: TestApp;
  let tenant: TestTenant;
  let unkey: FakeUnkey;
  let keys: UnkeyKeyManager;

  beforeAll(async () => {
    app = await TestApp.start();
    tenant = await app.createTenant();
  });
  beforeEach(async () => {
    unkey = await FakeUnkey.open(() => app.clock.nowMs());
    keys = manager({ verifyTimeoutMs: 5_000 });
  });
  afterEach(() => unkey.close());
  afterAll(() => app.close());

  function manager(more: Partial<UnkeyOptions> = {}): UnkeyKeyManager {
    const options = { baseUrl: unkey.url, rootKey: new Secret(unkey.rootKey), apiId: FakeUnkey.apiId, brand: 'ath' };
    return new UnkeyKeyManager(
      { ...options, ...more },
      {
        keys: new StoredUnkeyKeys(app.get(UnkeyKeysRepository)),
        ids: app.get(IdGenerator),
        cursors: app.get(Cursors),
        clock: app.clock,
      },
    );
  }

  const made = (more: Partial<CreateKeyInput> = {}): Promise<KeyResult> =>
    keys.createKey(tenant.scope, { name: 'CI', owner, scopes: ['read'], ...more });
  const opens = (rawKey: string, options?: ValidateOptions): Promise<boolean> =>
    keys.validateKey(rawKey, options).then(
      () => true,
      () => false,
    );
  const creditsOf = (rawKey: string): number | undefined => unkey.opened(rawKey).credits?.remaining;

  describe('a verification', () => {
    it('is one call, whatever it demands, and no query', async () => {
      const { id, rawKey } = await made({ limits: { perMinute: 5 }, credits: { remaining: 10 } });
      unkey.calls.length = 0;
      const demand = {
        ...needs('read:users AND (write OR read:others)'),
        scope: tenant.scope,
        cost: 3,
        tag: 'GET /a {b}',
      };
      const key = await keys.validateKey(rawKey, demand);
      expect(key).toMatchObject({ id, creditsRemaining: 7, limits: [{ name: 'minute', limit: 5, remaining: 4 }] });
      expect(unkey.calls.map(({ call }) => call)).toEqual(['keys.verifyKey']);
    });

    it('K29: that is refused for its scopes or its environment takes nothing', async () => {
      const { rawKey } = await made({ limits: { perMinute: 2 }, credits: { remaining: 10 } });
      const { scope } = await app.createTenant();
      for (let n = 0; n < 3; n += 1) {
        await expect(keys.validateKey(rawKey, needs('write'))).rejects.toThrow(problem('insufficient_scope'));
        await expect(keys.validateKey(rawKey, { scope })).rejects.toThrow(problem('invalid_api_key'));
      }
      expect(creditsOf(rawKey)).toBe(10);
      expect((await keys.validateKey(rawKey)).limits).toEqual([expect.objectContaining({ remaining: 1 })]);
    });

    it('says which scopes are missing', async () => {
      const { rawKey } = await made();
      const refusal = keys.validateKey(rawKey, needs('read:a AND write'));
      await expect(refusal).rejects.toMatchObject({ extras: { required: ['read:a', 'write'], missing: ['write'] } });
    });

    it('that demands more than fits one question takes nothing before it is granted either', async () => {
      const { rawKey } = await made({ credits: { remaining: 10 } });
      const all = (base: string): ValidateOptions =>
        needs(Array.from({ length: 40 }, (_, n) => `${base}:of:kind-${n}`).join(' AND '));
      await expect(keys.validateKey(rawKey, all('write'))).rejects.toThrow(problem('insufficient_scope'));
      expect(creditsOf(rawKey)).toBe(10);
      expect((await keys.validateKey(rawKey, all('read'))).creditsRemaining).toBe(9);
    });

    it('over a limit says when the window ends', async () => {
      const { rawKey } = await made({ limits: { perMinute: 1 } });
      await keys.validateKey(rawKey);
      const left = Math.ceil((MINUTE_MS - (app.clock.nowMs() % MINUTE_MS)) / 1_000);
      const refusal = keys.validateKey(rawKey);
      await expect(refusal).rejects.toMatchObject({ code: 'rate_limited', extras: { retry_after: left } });
    });

    it('of a key that the workspace has for something else opens nothing', async () => {
      const { rawKey } = await made();
      unkey.opened(rawKey).meta = { plan: 'pro' };
      await expect(keys.validateKey(rawKey)).rejects.toThrow(problem('invalid_api_key'));
    });

    it('of what cannot be a key asks nobody', async () => {
      for (const text of ['', 'with space', 'x'.repeat(513)]) {
        await expect(keys.validateKey(text)).rejects.toThrow(problem('invalid_api_key'));
      }
      expect(unkey.calls).toEqual([]);
    });
  });

  describe('without Unkey', () => {
    it.each(['failing', 'cutting', 'babbling', 'redirecting', 'hanging'] as const)(
      'K10: a key is neither good nor bad (%s), and nobody asks twice',
      async (mood) => {
        const { id, rawKey } = await made();
        const hasty = manager({ verifyTimeoutMs: 50, administrationTimeoutMs: 50 });
        unkey.calls.length = 0;
        unkey.mood = mood;
        await expect(hasty.validateKey(rawKey)).rejects.toThrow(problem('provider_unavailable'));
        await expect(hasty.revokeKey(tenant.scope, id)).rejects.toThrow(problem('provider_unavailable'));
        expect(unkey.calls.map(({ call }) => call)).toEqual(['keys.verifyKey', 'keys.getKey']);
      },
    );

    it('an answer that nobody knows is none', async () => {
      const { id, rawKey } = await made();
      unkey.mood = 'vague';
      await expect(keys.validateKey(rawKey)).rejects.toThrow(problem('provider_unavailable'));
      await expect(keys.getKey(tenant.scope, id)).rejects.toThrow(problem('provider_unavailable'));
      await expect(made()).rejects.toThrow(problem('provider_unavailable'));
    });

    it('a root key that Unkey does not take is no fault of the key', async () => {
      const { rawKey } = await made();
      const stranger = manager({ rootKey: new Secret('unkey_wrong') });
      await expect(stranger.validateKey(rawKey)).rejects.toThrow(problem('provider_unavailable'));
    });

    it('after five failures in a row nobody waits for it; five seconds later one tries', async () => {
      const { rawKey } = await made();
      const ask = (): Promise<unknown> => keys.validateKey(rawKey).catch((error: unknown) => error);
      unkey.mood = 'failing';
      unkey.calls.length = 0;
      for (let n = 0; n < 8; n += 1) expect(await ask()).toMatchObject({ code: 'provider_unavailable' });
      expect(unkey.calls).toHaveLength(5);
      app.clock.advance(4_999);
      await ask();
      expect(unkey.calls).toHaveLength(5);
      app.clock.advance(1);
      await Promise.all([ask(), ask(), ask()]);
      expect(unkey.calls).toHaveLength(6);
      await ask();
      expect(unkey.calls).toHaveLength(6);
      app.clock.advance(5_000);
      unkey.mood = 'well';
      expect(await ask()).toMatchObject({ secret: 'current' });
      expect(await opens(rawKey)).toBe(true);
    });

    it('what goes wrong is told without the key and without the root key', async () => {
      const { id, rawKey } = await made();
      const errors: unknown[] = [];
      const note = (error: unknown): void => void errors.push(error);
      for (const mood of ['failing', 'cutting', 'babbling'] as const) {
        unkey.mood = mood;
        await keys.validateKey(rawKey).catch(note);
      }
      unkey.mood = 'well';
      await keys.validateKey(rawKey, needs('write')).catch(note);
      await keys.rotateKey(tenant.scope, id.replace(/.$/, '0'), { reason: 'manual' }).catch(note);
      await made({ metadata: {}, scopes: ['NOT'], limits: { custom: [{ name: 'x', limit: 1, seconds: 0 }] } }).catch(
        note,
      );
      expect(errors).toHaveLength(6);
      const told = inspect(errors, { depth: 20, showHidden: true });
      expect(told).not.toContain(rawKey.slice(-12));
      expect(told).not.toContain(unkey.rootKey.slice(-12));
    });
  });

  describe('a rotation', () => {
    const rotate = (id: string, graceMs: number) => keys.rotateKey(tenant.scope, id, { reason: 'manual', graceMs });

    it('K33: both secrets are one key until the grace ends, to the millisecond', async () => {
      const { id, rawKey } = await made();
      const rotated = await rotate(id, 90_000);
      const until = app.clock.in(90_000);
      expect(rotated.graceEndsAt).toEqual(until);
      expect(await keys.validateKey(rotated.rawKey)).toMatchObject({ id, secret: 'current' });
      const grace = { since: app.clock.now(), until };
      expect(await keys.validateKey(rawKey)).toMatchObject({ id, secret: 'grace', grace });
      expect(await keys.getKey(tenant.scope, id)).toMatchObject({
        id,
        graceEndsAt: until,
        lastFour: rotated.rawKey.slice(-4),
      });
      expect(unkey.opened(rawKey).expires).toBe(until.getTime());
      app.clock.advance(89_999);
      expect(await opens(rawKey)).toBe(true);
      // A node of Unkey's that has not heard of it.
      unkey.opened(rawKey).expires = undefined;
      app.clock.advance(1);
      expect(await opens(rawKey)).toBe(false);
      expect((await keys.getKey(tenant.scope, id)).graceEndsAt).toBeNull();
    });

    it('K34: the grace never outlives the key, which the new secret does not either', async () => {
      const expiresAt = app.clock.in(HOUR_MS);
      const { id, rawKey } = await made({ expiresAt });
      const rotated = await rotate(id, 24 * HOUR_MS);
      expect(rotated.graceEndsAt).toEqual(expiresAt);
      expect(unkey.opened(rawKey).expires).toBe(expiresAt.getTime());
      expect(unkey.opened(rotated.rawKey).expires).toBe(expiresAt.getTime());
      expect((await keys.validateKey(rawKey)).expiresAt).toEqual(expiresAt);
    });

    it('K34: of a compromised key leaves the old secret nothing', async () => {
      const { id, rawKey } = await made();
      const rotated = await keys.rotateKey(tenant.scope, id, { reason: 'compromise', graceMs: HOUR_MS });
      expect(rotated.graceEndsAt).toBeNull();
      expect(unkey.opened(rawKey)).toMatchObject({ enabled: false, expires: app.clock.nowMs() });
      await keys.suspendKey(tenant.scope, id);
      await keys.reactivateKey(tenant.scope, id);
      expect(unkey.opened(rawKey).enabled).toBe(false);
      expect([await opens(rawKey), await opens(rotated.rawKey)]).toEqual([false, true]);
    });

    it('K35: a second one ends the first grace', async () => {
      const { id, rawKey } = await made();
      const second = await rotate(id, HOUR_MS);
      const third = await rotate(id, HOUR_MS);
      expect(unkey.opened(rawKey).enabled).toBe(false);
      expect([await opens(rawKey), await opens(second.rawKey), await opens(third.rawKey)]).toEqual([false, true, true]);
    });

    it('K36: both secrets together spend what there was, and no more', async () => {
      const refill = { interval: 'monthly', amount: 9 } as const;
      const { id, rawKey } = await made({ credits: { remaining: 9, refill } });
      await keys.validateKey(rawKey, { cost: 2 });
      const rotated = await rotate(id, HOUR_MS);
      expect(creditsOf(rotated.rawKey)).toBe(4);
      expect(creditsOf(rawKey)).toBe(3);
      // A balance that both filled up would be two.
      expect(unkey.opened(rawKey).credits?.refill).toBeNull();
      expect((await keys.getKey(tenant.scope, id)).credits).toEqual({ remaining: 7, refill });
      const spend = async (secret: string): Promise<number> => ((await opens(secret)) ? 1 + (await spend(secret)) : 0);
      expect((await spend(rawKey)) + (await spend(rotated.rawKey))).toBe(7);
    });

    it('K36: the next one gathers what the secret before the last has left', async () => {
      const { id, rawKey } = await made({ credits: { remaining: 9 } });
      const second = await rotate(id, HOUR_MS);
      const third = await rotate(id, 0);
      expect([creditsOf(rawKey), creditsOf(second.rawKey), creditsOf(third.rawKey)]).toEqual([0, 0, 9]);
      expect((await keys.getKey(tenant.scope, id)).credits).toEqual({ remaining: 9 });
    });

    it('a change reaches the secret in its grace too', async () => {
      const { id, rawKey } = await made({ credits: { remaining: 9 } });
      const rotated = await rotate(id, HOUR_MS);
      const expiresAt = app.clock.in(MINUTE_MS);
      await keys.updateKey(tenant.scope, id, { scopes: ['write'], expiresAt, credits: { remaining: 5 } });
      for (const secret of [rawKey, rotated.rawKey]) {
        await expect(keys.validateKey(secret, needs('read'))).rejects.toThrow(problem('insufficient_scope'));
        expect(unkey.opened(secret).expires).toBe(expiresAt.getTime());
      }
      expect([creditsOf(rotated.rawKey), creditsOf(rawKey)]).toEqual([3, 2]);
      await keys.updateKey(tenant.scope, id, { expiresAt: null, credits: null });
      expect(unkey.opened(rotated.rawKey)).toMatchObject({ expires: undefined, credits: undefined });
      expect(unkey.opened(rawKey).expires).toBe(app.clock.nowMs() + HOUR_MS);
      expect((await keys.getKey(tenant.scope, id)).credits).toBeNull();
    });

    it('K37: of two at once one is told that it was too late', async () => {
      const { id, rawKey } = await made();
      let second: Promise<unknown> | undefined;
      unkey.during = async (call) => {
        if (call !== 'keys.rerollKey') return;
        second ??= rotate(id, HOUR_MS).catch((error: unknown) => error);
        await second;
      };
      const rotated = await rotate(id, HOUR_MS);
      expect(await second).toEqual(problem('key_state_conflict'));
      expect(unkey.count('keys.rerollKey')).toBe(1);
      expect([await opens(rawKey), await opens(rotated.rawKey)]).toEqual([true, true]);
      unkey.during = undefined;
      expect(await opens((await rotate(id, HOUR_MS)).rawKey)).toBe(true);
    });

    it('that fails half-way leaves the key as it was, and another one succeeds', async () => {
      const { id, rawKey } = await made({ credits: { remaining: 9 } });
      let updates = 0;
      unkey.during = (call) => {
        if (call === 'keys.updateKey') updates += 1;
        if (updates === 2) unkey.broken.add(call);
        else unkey.broken.clear();
        return Promise.resolve();
      };
      await expect(rotate(id, HOUR_MS)).rejects.toThrow(problem('provider_unavailable'));
      unkey.during = undefined;
      unkey.broken.clear();
      expect(await keys.validateKey(rawKey)).toMatchObject({ id, secret: 'current' });
      expect(unkey.opened(rawKey).expires).toBeUndefined();
      expect([...unkey.keys.values()].filter(({ enabled }) => enabled)).toHaveLength(1);
      const rotated = await rotate(id, HOUR_MS);
      expect([creditsOf(rotated.rawKey), creditsOf(rawKey)]).toEqual([4, 4]);
    });

    it('during which the key is revoked gives nobody a secret', async () => {
      const { id, rawKey } = await made();
      unkey.during = async (call) => {
        if (call !== 'keys.rerollKey') return;
        unkey.during = undefined;
        await keys.revokeKey(tenant.scope, id);
      };
      await expect(rotate(id, HOUR_MS)).rejects.toThrow(problem('key_state_conflict'));
      expect(await opens(rawKey)).toBe(false);
      expect([...unkey.keys.values()].filter(({ enabled }) => enabled)).toEqual([]);
    });
  });

  describe('stopping a key', () => {
    it('K34: stops both secrets, and reactivating brings both back', async () => {
      const { id, rawKey } = await made();
      const rotated = await keys.rotateKey(tenant.scope, id, { reason: 'manual', graceMs: HOUR_MS });
      const both = async (): Promise<boolean[]> => [await opens(rawKey), await opens(rotated.rawKey)];
      await keys.suspendKey(tenant.scope, id);
      expect(await both()).toEqual([false, false]);
      await keys.reactivateKey(tenant.scope, id);
      expect(await both()).toEqual([true, true]);
      await keys.revokeKey(tenant.scope, id, 'lost');
      expect(await both()).toEqual([false, false]);
      expect(await keys.getKey(tenant.scope, id)).toMatchObject({ state: 'revoked', revokedAt: app.clock.now() });
    });

    it('and reactivating it after the grace leaves the old secret off', async () => {
      const { id, rawKey } = await made();
      const rotated = await keys.rotateKey(tenant.scope, id, { reason: 'manual', graceMs: HOUR_MS });
      app.clock.advance(HOUR_MS);
      await keys.suspendKey(tenant.scope, id);
      await keys.reactivateKey(tenant.scope, id);
      expect([unkey.opened(rawKey).enabled, unkey.opened(rotated.rawKey).enabled]).toEqual([false, true]);
    });

    it('for good holds against a switch in Unkey’s dashboard', async () => {
      const { id, rawKey } = await made();
      await keys.revokeKey(tenant.scope, id);
      unkey.opened(rawKey).enabled = true;
      await expect(keys.validateKey(rawKey)).rejects.toThrow(problem('invalid_api_key'));
      for (const change of ['suspendKey', 'reactivateKey'] as const) {
        await expect(keys[change](tenant.scope, id)).rejects.toThrow(problem('key_state_conflict'));
      }
      await expect(keys.updateKey(tenant.scope, id, { name: 'X' })).rejects.toThrow(problem('key_state_conflict'));
      await expect(keys.rotateKey(tenant.scope, id, { reason: 'manual' })).rejects.toThrow(
        problem('key_state_conflict'),
      );
    });

    it('that somebody switched off or deleted at Unkey shows', async () => {
      const [off, gone] = [await made(), await made()];
      unkey.opened(off.rawKey).enabled = false;
      unkey.keys.delete(unkey.opened(gone.rawKey).keyId);
      expect((await keys.getKey(tenant.scope, off.id)).state).toBe('suspended');
      await expect(keys.getKey(tenant.scope, gone.id)).rejects.toThrow(problem('key_not_found'));
    });
  });

  it('says what Unkey cannot keep instead of promising it', async () => {
    const restricted = made({ allow: { ips: ['192.0.2.0/24'] } });
    await expect(restricted).rejects.toMatchObject({ code: 'key_feature_unsupported' });
    const { id } = await made({ allow: { ips: [] } });
    const update = keys.updateKey(tenant.scope, id, { allow: { methods: ['GET'] } });
    await expect(update).rejects.toThrow(problem('key_feature_unsupported'));
    await expect(made({ limits: { custom: [{ name: 'x', limit: 1, seconds: 0 }] } })).rejects.toThrow(
      problem('provider_refused'),
    );
  });

  it('changes the version that was read, and no other', async () => {
    const { id } = await made({ metadata: { team: 'a' } });
    const { version } = await keys.getKey(tenant.scope, id);
    const changed = await keys.updateKey(
      tenant.scope,
      id,
      { limits: { perDay: 7, custom: [{ name: 'burst', limit: 2, seconds: 5 }] } },
      version,
    );
    expect(changed).toMatchObject({ name: 'CI', metadata: { team: 'a' }, version: version + 1 });
    expect(changed.limits).toEqual({ perDay: 7, custom: [{ name: 'burst', limit: 2, seconds: 5 }] });
    await expect(keys.updateKey(tenant.scope, id, { name: 'X' }, version)).rejects.toThrow(
      problem('precondition_failed'),
    );
  });

  it('K38: another tenant has no such key, and its lists do not show it', async () => {
    const { id } = await made();
    const { scope } = await app.createTenant();
    for (const work of [
      () => keys.getKey(scope, id),
      () => keys.revokeKey(scope, id),
      () => keys.rotateKey(scope, id, { reason: 'manual' }),
      () => keys.updateKey(scope, id, {}),
    ]) {
      await expect(work()).rejects.toThrow(problem('key_not_found'));
    }
    expect((await keys.listKeys(scope, {}, { limit: 10 })).items).toEqual([]);
  });

  it('lists page by page, newest first, by owner and state', async () => {
    const other = { kind: 'service_account', id: 'svc_01jd3v3x6pe0p9m2s5f7q8w9ab' } as const;
    const ids: string[] = [];
    for (let n = 0; n < 3; n += 1) ids.unshift((await made({ owner: other })).id);
    await keys.revokeKey(tenant.scope, ids[0] as string);
    const first = await keys.listKeys(tenant.scope, { owner: other }, { limit: 2 });
    const rest = await keys.listKeys(tenant.scope, { owner: other }, { limit: 2, cursor: first.nextCursor as string });
    expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual(ids);
    expect(rest.nextCursor).toBeUndefined();
    const revoked = await keys.listKeys(tenant.scope, { owner: other, state: 'revoked' }, { limit: 2 });
    expect(revoked.items).toEqual([expect.objectContaining({ id: ids[0], state: 'revoked', owner: other })]);
  });
});
