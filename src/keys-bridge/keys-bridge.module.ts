import { type DynamicModule, type FactoryProvider, Module, type ModuleMetadata, type Type } from '@nestjs/common';
import { BuiltinKeyManager } from './builtin.key-manager.js';
import { KEY_MANAGER, type KeyManager, SERVICE_KEYS } from './key-manager.js';
import { NoopKeyManager } from './noop.key-manager.js';

/** Which key manager to bind. */
export type KeysBridgeOptions =
  | { readonly driver: 'noop' }
  /** No bridge, and plain keys for the service's own routes. */
  | { readonly driver: 'builtin' }
  /** The engine in the service's own database. */
  | { readonly driver: 'embedded' }
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
        { provide: KEY_MANAGER, inject: [OPTIONS, engine.keyManager], useFactory: createKeyManager },
        { provide: SERVICE_KEYS, inject: [OPTIONS, KEY_MANAGER, engine.keyManager], useFactory: createServiceKeys },
      ],
      exports: [KEY_MANAGER, SERVICE_KEYS],
    };
  }
}

function createServiceKeys({ driver }: KeysBridgeOptions, bridge: KeyManager, embedded: KeyManager): KeyManager {
  return driver === 'builtin' ? new BuiltinKeyManager(embedded) : bridge;
}

function createKeyManager(options: KeysBridgeOptions, embedded: KeyManager): KeyManager {
  switch (options.driver) {
    case 'noop':
    case 'builtin':
      return new NoopKeyManager();
    case 'embedded':
      return embedded;
    case 'custom':
      return options.keyManager;
  }
}
