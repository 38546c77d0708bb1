import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { Secret } from '../../src/kernel/crypto/secret.js';
import { KEY_MANAGER, type KeyManager, SERVICE_KEYS } from '../../src/keys-bridge/key-manager.js';
import { NoopKeyManager } from '../../src/keys-bridge/noop.key-manager.js';
import { scopeTo } from '../../src/kernel/context/scope.js';
import { keyManagerContract, type KeyManagerRig } from '../../src/testing/key-manager.contract.js';
import { FakeUnkey } from '../support/fake-unkey.js';
import { TestApp } from '../support/test-app.js';

describe('K04: noop', () => {
  const scope = scopeTo.env('app_01jd3v3x6pe0p9m2s5f7q8w9ab' as never, 'aenv_01jd3v3x6pe0p9m2s5f7q8w9ab' as never);
  const make = (): Promise<KeyManagerRig> =>
    Promise.resolve({
      keyManager: new NoopKeyManager(),
      scope,
      owner: { kind: 'user', id: 'ausr_01jd3v3x6pe0p9m2s5f7q8w9ab' },
      close: () => Promise.resolve(),
    });
  for (const { name, run } of keyManagerContract(make, { available: false })) it(name, run);
});

describe('K04: builtin', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({ env: { AUTHSOME_KEYS: 'builtin' } });
  });
  afterAll(() => app.close());

  const make = async (): Promise<KeyManagerRig> => {
    const tenant = await app.createTenant();
    const { userId } = await app.api.signUp(tenant);
    return {
      keyManager: app.nest.get<KeyManager>(SERVICE_KEYS, { strict: false }),
      scope: tenant.scope,
      owner: { kind: 'user', id: userId },
      close: () => Promise.resolve(),
    };
  };
  for (const { name, run } of keyManagerContract(make, { available: true })) it(name, run);
});

describe('K04: embedded', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app.close());

  const make = async (): Promise<KeyManagerRig> => {
    const tenant = await app.createTenant();
    const { userId } = await app.api.signUp(tenant);
    return {
      keyManager: app.nest.get<KeyManager>(KEY_MANAGER, { strict: false }),
      scope: tenant.scope,
      owner: { kind: 'user', id: userId },
      close: () => Promise.resolve(),
    };
  };
  for (const { name, run } of keyManagerContract(make, { available: true })) it(name, run);
});

describe('K04: unkey', () => {
  let app: TestApp;
  let unkey: FakeUnkey;

  beforeAll(async () => {
    unkey = await FakeUnkey.open(() => app.clock.nowMs());
    const rootKey = new Secret(unkey.rootKey);
    const { apiId } = FakeUnkey;
    app = await TestApp.start({
      app: { keys: { driver: 'unkey', baseUrl: unkey.url, rootKey, apiId, brand: 'ath', verifyTimeoutMs: 5_000 } },
    });
  });
  afterAll(async () => {
    await app.close();
    await unkey.close();
  });

  const make = async (): Promise<KeyManagerRig> => {
    const { scope } = await app.createTenant();
    return {
      keyManager: app.nest.get<KeyManager>(KEY_MANAGER, { strict: false }),
      scope,
      owner: { kind: 'user', id: 'ausr_01jd3v3x6pe0p9m2s5f7q8w9ab' },
      close: () => Promise.resolve(),
    };
  };
  for (const { name, run } of keyManagerContract(make, { available: true })) it(name, run);
});
