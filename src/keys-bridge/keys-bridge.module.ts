import { type DynamicModule, type FactoryProvider, Module, type ModuleMetadata, type Type } from '@nestjs/common';
import { BuiltinKeyManager } from './builtin.key-manager.js';
import { Clock } from '../kernel/clock/clock.js';
import { IdGenerator } from '../kernel/ids/id.js';
import { Cursors } from '../kernel/persistence/page.js';
import { KEY_MANAGER, type KeyManager, SERVICE_KEYS } from './key-manager.js';
import { NoopKeyManager } from './noop.key-manager.js';
import { StoredUnkeyKeys } from './unkey/stored-unkey-keys.js';
import { UnkeyKeysRepository } from './unkey/unkey-keys.repository.js';
import { UnkeyKeyManager, type UnkeyOptions, type UnkeyParts } from './unkey/unkey.key-manager.js';

/** Which key manager to bind. */
export type KeysBridgeOptions =
  | { readonly driver: 'noop' }
  /** No bridge, and plain keys for the service's own routes. */
  | { readonly driver: 'builtin' }
  /** The engine in the service's own database. */
  | { readonly driver: 'embedded' }
  /** Unkey's own service, or one of the deployment's that speaks as it does. */
  | ({ readonly driver: 'unkey' } & UnkeyOptions)
  /** An engine of the deployment's own. */
  | { readonly driver: 'custom'; readonly keyManager: KeyManager };

/** As {@link KeysBridgeOptions}, made by a factory that may depend on providers. */
export interface KeysBridgeAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  readonly inject?: FactoryProvider['inject'];
  readonly useFactory: (...dependencies: never[]) => KeysBridgeOptions | Promise<KeysBridgeOptions>;
}

/** The module that holds the embedded engine, which builds on more than the bridge may know. */
export interface EmbeddedKeys {
  readonly module: Type;
  readonly keyManager: Type<KeyManager>;
}

const OPTIONS = Symbol('KeysBridgeOptions');
const UNKEY_PARTS = Symbol('UnkeyParts');

/** Binds the key manager. */
@Module({})
export class KeysBridgeModule {
  static forRoot(options: KeysBridgeOptions, engine: EmbeddedKeys): DynamicModule {
    return this.forRootAsync({ useFactory: () => options }, engine);
  }

  static forRootAsync(
    { imports = [], inject = [], useFactory }: KeysBridgeAsyncOptions,
    engine: EmbeddedKeys,
  ): DynamicModule {
    return {
      module: KeysBridgeModule,
      global: true,
      imports: [...imports, engine.module],
      providers: [
        { provide: OPTIONS, inject, useFactory },
        UnkeyKeysRepository,
        { provide: UNKEY_PARTS, inject: [UnkeyKeysRepository, IdGenerator, Cursors, Clock], useFactory: unkeyParts },
        { provide: KEY_MANAGER, inject: [OPTIONS, engine.keyManager, UNKEY_PARTS], useFactory: createKeyManager },
        { provide: SERVICE_KEYS, inject: [OPTIONS, KEY_MANAGER, engine.keyManager], useFactory: createServiceKeys },
      ],
      exports: [KEY_MANAGER, SERVICE_KEYS],
    };
  }
}

function createServiceKeys({ driver }: KeysBridgeOptions, bridge: KeyManager, embedded: KeyManager): KeyManager {
  return driver === 'builtin' ? new BuiltinKeyManager(embedded) : bridge;
}

function unkeyParts(keys: UnkeyKeysRepository, ids: IdGenerator, cursors: Cursors, clock: Clock): UnkeyParts {
  return { keys: new StoredUnkeyKeys(keys), ids, cursors, clock };
}

function createKeyManager(options: KeysBridgeOptions, embedded: KeyManager, parts: UnkeyParts): KeyManager {
  switch (options.driver) {
    case 'noop':
    case 'builtin':
      return new NoopKeyManager();
    case 'embedded':
      return embedded;
    case 'unkey':
      return new UnkeyKeyManager(options, parts);
    case 'custom':
      return options.keyManager;
  }
}
