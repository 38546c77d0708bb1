import { type DynamicModule, type FactoryProvider, Module, type ModuleMetadata, type Type } from '@nestjs/common';
import { KEY_MANAGER, type KeyManager } from './key-manager.js';
import { NoopKeyManager } from './noop.key-manager.js';

/** Which key manager to bind. */
export type KeysBridgeOptions =
  | { readonly driver: 'noop' }
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
      ],
      exports: [KEY_MANAGER],
    };
  }
}

function createKeyManager(options: KeysBridgeOptions, embedded: KeyManager): KeyManager {
  switch (options.driver) {
    case 'noop':
      return new NoopKeyManager();
    case 'embedded':
      return embedded;
    case 'custom':
      return options.keyManager;
  }
}
